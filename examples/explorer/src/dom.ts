/** Creation of HTML and SVG elements. */

/** Text or an element; false, null and '' are skipped. */
export type Child = Node | string | false | null;

/** Attributes by name. A boolean sets or omits the attribute; a function is a listener of the event with that name. */
export type Attributes = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

/** `element('p', { class: 'prose' }, 'text')` */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...present(children));
  return made;
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => (child === false || child === null || child === '' ? [] : [child]));
}

/**
 * Replaces the content of an element. If an element with a `data-key` had the focus, the new element with that key gets it.
 */
export function refill(parent: Element, ...children: readonly Child[]): void {
  const key = parent.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;
  parent.replaceChildren(...present(children));
  if (key === undefined) return;
  const successor = [...parent.querySelectorAll<HTMLElement>('[data-key]')].find((e) => keyOf(e) === key);
  successor?.focus({ preventScroll: true });
}

function keyOf(found: Element | null): string | undefined {
  return found instanceof HTMLElement ? found.dataset.key : undefined;
}

/** The element of index.html with an id. @throws Error if there is none */
export function byId<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found as E;
}
