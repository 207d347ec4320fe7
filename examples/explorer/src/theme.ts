/** Light or dark: as the system says, unless the reader chose. */

const THEMES = ['system', 'light', 'dark'] as const;
const KEY = 'varigrad-explorer-theme';

type Theme = (typeof THEMES)[number];

/** What was chosen last time. Without permission to store, the system decides. */
export function restoreTheme(): void {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // The browser forbids storage to this page: it starts as the system says.
  }
  apply(THEMES.find((theme) => theme === stored) ?? 'system');
}

/** The next of system, light, dark. @returns its name */
export function nextTheme(): string {
  const now = THEMES.indexOf((document.documentElement.dataset.theme ?? 'system') as Theme);
  const theme = THEMES[(now + 1) % THEMES.length] as Theme;
  apply(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above: the choice holds until the page is closed.
  }
  return theme;
}

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById('theme');
  if (button === null) return;
  button.textContent = { system: '◐', light: '☀', dark: '☾' }[theme];
  button.title = `colours: ${theme === 'system' ? 'as the system' : theme} (t)`;
  button.setAttribute('aria-label', button.title);
}
