/** Keyboard commands. */

/** Commands of keys and buttons. */
export type Command =
  | 'forward'
  | 'back'
  | 'first'
  | 'last'
  | 'firstBackward'
  | 'play'
  | 'operand'
  | 'consumer'
  | 'follow'
  | 'computed'
  | 'turn'
  | 'toggleModule'
  | 'search'
  | 'fit'
  | 'zoomIn'
  | 'zoomOut'
  | 'theme'
  | 'program'
  | 'help';

/** A key, its command, and its description in the help. */
export interface Binding {
  readonly key: string;
  readonly shown: string;
  readonly command: Command;
  readonly says: string;
}

/** All keys, in the order of the help. */
export const bindings: readonly Binding[] = [
  { key: 'ArrowRight', shown: '→', command: 'forward', says: 'one step forward' },
  { key: 'ArrowLeft', shown: '←', command: 'back', says: 'one step back' },
  { key: 'Home', shown: 'Home', command: 'first', says: 'to the start' },
  { key: 'b', shown: 'b', command: 'firstBackward', says: 'to the first step of backward' },
  { key: 'End', shown: 'End', command: 'last', says: 'to the last step' },
  { key: ' ', shown: 'Space', command: 'play', says: 'play or pause' },
  { key: 'ArrowUp', shown: '↑', command: 'operand', says: 'look at the first operand' },
  { key: 'ArrowDown', shown: '↓', command: 'consumer', says: 'look at the first consumer' },
  { key: 'Escape', shown: 'Esc', command: 'follow', says: 'look at the step again' },
  { key: 'v', shown: 'v', command: 'computed', says: 'to the step that computes the node in focus' },
  { key: 'g', shown: 'g', command: 'turn', says: 'to the backward step of the node in focus' },
  { key: 'c', shown: 'c', command: 'toggleModule', says: 'close or open the module of the node' },
  { key: '/', shown: '/', command: 'search', says: 'search' },
  { key: 'f', shown: 'f', command: 'fit', says: 'fit the graph to the window' },
  { key: '+', shown: '+', command: 'zoomIn', says: 'zoom in' },
  { key: '-', shown: '−', command: 'zoomOut', says: 'zoom out' },
  { key: 't', shown: 't', command: 'theme', says: 'colours: light, dark or system' },
  { key: 'p', shown: 'p', command: 'program', says: 'write a program' },
  { key: '?', shown: '?', command: 'help', says: 'this list' },
];

/** The relevant part of a keyboard event. */
export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/** Elements that use keys for typing; commands are off while one of them has the focus. */
const TYPING: ReadonlySet<string> = new Set(['input', 'textarea', 'select']);
/** Elements that Space activates. */
const PRESSABLE: ReadonlySet<string> = new Set(['button', 'summary', 'a']);

/**
 * The command of a key; undefined if it has none, or if the focused element needs the key itself.
 * @param element - lower-case tag name of the element with the focus
 */
export function commandOf(pressed: Pressed, element: string): Command | undefined {
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey || TYPING.has(element)) return undefined;
  if (pressed.key === ' ' && PRESSABLE.has(element)) return undefined;
  return bindings.find(({ key }) => key === pressed.key)?.command;
}
