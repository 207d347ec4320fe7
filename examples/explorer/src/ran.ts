/** Programs that the user ran. Only these run automatically from a link, since links may come from untrusted sources. */

const KEY = 'varigrad-explorer-programs';

/** If storage is forbidden, the list lasts until the page is left. */
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

/** Whether the user ran exactly this program in this tab. */
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
