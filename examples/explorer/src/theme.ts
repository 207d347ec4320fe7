/** Light or dark colours: the system's, unless the user selected one. */

const THEMES = ['system', 'light', 'dark'] as const;
const KEY = 'varigrad-explorer-theme';

type Theme = (typeof THEMES)[number];

/** The theme selected last; the system's if storage is forbidden. */
export function restoreTheme(): void {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // Storage is forbidden: start with the system's theme.
  }
  apply(THEMES.find((theme) => theme === stored) ?? 'system');
}

/** Selects the next of system, light, dark. @returns its name */
export function nextTheme(): string {
  const now = THEMES.indexOf((document.documentElement.dataset.theme ?? 'system') as Theme);
  const theme = THEMES[(now + 1) % THEMES.length] as Theme;
  apply(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is forbidden: the selection lasts until the page is closed.
  }
  return theme;
}

function apply(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById('theme');
  if (button === null) return;
  button.textContent = { system: '◐', light: '☀', dark: '☾' }[theme];
  button.title = `colours: ${theme} (t)`;
  button.setAttribute('aria-label', button.title);
}
