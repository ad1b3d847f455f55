import type { Database, Picker } from 'emoji-picker-element'
import type { NativeEmoji } from 'emoji-picker-element/shared.js'
import english from 'emoji-picker-element-data/en/emojibase/data.json?url'
import russian from 'emoji-picker-element-data/ru/emojibase/data.json?url'
import { currentLocale, type Locale } from '../locale.ts'

/** Served by us: nothing is asked of a stranger's server. */
const sources: Record<Locale, string> = { en: english, ru: russian }

/** An emoji, or an emote of the room, as it is offered and written. */
export interface EmojiChoice {
  name: string
  /** What goes into the text. */
  text: string
  /** Address of an emote's picture. */
  picture?: string
}

let database: { locale: Locale; opening: Promise<Database> } | null = null

/** Loaded when the first colon is written, not with the page. */
function openDatabase(): Promise<Database> {
  const locale = currentLocale()
  if (database?.locale !== locale) {
    const opening = import('emoji-picker-element/database.js').then(
      ({ default: EmojiDatabase }) => new EmojiDatabase({ dataSource: sources[locale], locale }),
    )
    database = { locale, opening }
  }
  return database.opening
}

/** What a few letters behind a colon may mean: emotes of the room first; at most eight. */
export async function findEmoji(query: string, emotes: ReadonlyMap<string, string>): Promise<EmojiChoice[]> {
  const own = [...emotes]
    .filter(([name]) => name.includes(query.toLowerCase()))
    .map(([name, picture]) => ({ name, text: `:${name}:`, picture }))
  const found = await openDatabase()
    .then((opened) => opened.getEmojiBySearchQuery(query.replaceAll('_', ' ')))
    .catch(() => [])
  const others = found.flatMap((emoji) => ('unicode' in emoji ? [asChoice(emoji, query.toLowerCase())] : []))
  // Those whose own name begins so, before those that only have to do with it.
  others.sort((a, b) => Number(!a.name.startsWith(query)) - Number(!b.name.startsWith(query)))
  return [...own, ...others].slice(0, 8)
}

function asChoice({ shortcodes = [], annotation, unicode }: NativeEmoji, query: string): EmojiChoice {
  return { name: shortcodes.find((code) => code.startsWith(query)) ?? shortcodes[0] ?? annotation, text: unicode }
}

/** The emoji that a shortcode means; null for none. */
export async function emojiOf(shortcode: string): Promise<string | null> {
  const emoji = await openDatabase()
    .then((opened) => opened.getEmojiByShortcode(shortcode))
    .catch(() => null)
  return emoji && 'unicode' in emoji ? emoji.unicode : null
}

/** The picker, with the emotes of the room, in the page's language. */
export async function makePicker(emotes: ReadonlyMap<string, string>): Promise<Picker> {
  const locale = currentLocale()
  const [{ default: EmojiPicker }, words] = await Promise.all([
    import('emoji-picker-element/picker.js'),
    locale === 'ru' ? import('emoji-picker-element/i18n/ru_RU.js') : import('emoji-picker-element/i18n/en.js'),
  ])
  return new EmojiPicker({
    locale,
    dataSource: sources[locale],
    i18n: words.default,
    customEmoji: [...emotes].map(([name, url]) => ({ name, shortcodes: [name], url })),
  })
}
