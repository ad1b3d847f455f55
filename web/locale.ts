import { configureLocalization } from '@lit/localize'
import { sourceLocale, targetLocales } from './locales/generated/locale-codes.ts'

export const locales = { en: 'English', ru: 'Русский' } as const
export type Locale = keyof typeof locales

const { getLocale, setLocale } = configureLocalization({
  sourceLocale,
  targetLocales,
  loadLocale: (locale) =>
    locale === 'ru' ? import('./locales/generated/ru.ts') : Promise.reject(new Error(`no ${locale}`)),
})

export function currentLocale(): Locale {
  return getLocale() === 'ru' ? 'ru' : 'en'
}

/** Loads the language chosen before, else the browser's. Resolves at once for English. */
export async function restoreLocale(): Promise<void> {
  let chosen: string | null = null
  try {
    chosen = localStorage.getItem('locale')
  } catch {
    // Storage is refused: the browser's language it is.
  }
  const wanted = chosen ?? navigator.language
  if (wanted.startsWith('ru')) await use('ru')
}

/** Every shown component renders again in the new language. */
export async function chooseLocale(locale: Locale): Promise<void> {
  try {
    localStorage.setItem('locale', locale)
  } catch {
    // Storage is refused: the choice holds until the page is left.
  }
  await use(locale)
}

async function use(locale: Locale): Promise<void> {
  await setLocale(locale)
  document.documentElement.lang = locale
}
