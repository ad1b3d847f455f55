export type Theme = 'auto' | 'light' | 'dark'

const dark = matchMedia('(prefers-color-scheme: dark)')

export function chosenTheme(): Theme {
  const chosen = read()
  return chosen === 'light' || chosen === 'dark' ? chosen : 'auto'
}

/** Remembered on this device; `auto` follows the system, also while the page is open. */
export function chooseTheme(theme: Theme): void {
  try {
    if (theme === 'auto') localStorage.removeItem('theme')
    else localStorage.setItem('theme', theme)
  } catch {
    // Storage is refused: the choice holds until the page is left.
  }
  apply(theme)
}

/** early.js has set the theme before the first paint; this keeps it right afterwards. */
export function followSystemTheme(): void {
  dark.addEventListener('change', () => apply(chosenTheme()))
}

function apply(theme: Theme): void {
  document.documentElement.classList.toggle('wa-dark', theme === 'dark' || (theme === 'auto' && dark.matches))
}

function read(): string | null {
  try {
    return localStorage.getItem('theme')
  } catch {
    return null
  }
}
