import { currentLocale } from '../locale.ts'

/** Those that are offered by name; any other is given by its tag. */
const offered = [
  ...['ar', 'az', 'be', 'bn', 'cs', 'de', 'el', 'en', 'es', 'fa', 'fi', 'fr', 'he', 'hi', 'hu', 'hy', 'id', 'it', 'ja'],
  ...['ka', 'kk', 'ko', 'ky', 'nl', 'pl', 'pt', 'ro', 'ru', 'sr', 'sv', 'ta', 'tg', 'th', 'tk', 'tr', 'tt', 'uk', 'uz'],
  ...['vi', 'zh-Hans', 'zh-Hant'],
]

/** In the page's language, in its order. */
export function offeredLanguages(): { tag: string; name: string }[] {
  const locale = currentLocale()
  const names = new Intl.DisplayNames([locale], { type: 'language' })
  return offered
    .map((tag) => ({ tag, name: names.of(tag) ?? tag }))
    .sort((a, b) => a.name.localeCompare(b.name, locale))
}

/** As `Intl` writes it; null when it is none. */
export function languageTag(text: string): string | null {
  try {
    return Intl.getCanonicalLocales(text.trim())[0] ?? null
  } catch {
    return null
  }
}
