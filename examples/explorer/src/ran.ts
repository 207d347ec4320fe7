/** Which programs the reader ran: only those run again by themselves, since a link with a program may come from anyone. */

const KEY = 'varigrad-explorer-programs';

/** Without permission to store, the memory lasts until the page is left. */
const ran: Set<string> = new Set(stored());

/** Remembers a program until the tab is closed. */
export function rememberRun(program: string): void {
  ran.add(program);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...ran]));
  } catch {
    // Storage is forbidden or full.
  }
}

/** Whether the reader ran this very program in this tab. */
export function wasRun(program: string): boolean {
  return ran.has(program);
}

function stored(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
  } catch {
    return [];
  }
}
