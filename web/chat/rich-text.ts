import { html, type TemplateResult } from 'lit'
import { means, mentionedName, type NameBook } from './mentions.ts'

const pattern =
  /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]'*`])|`([^`\n]+)`|\*\*(?!\s)([^*\n]+)(?<!\s)\*\*|(?<![\w*])\*(?!\s)([^*\n]+)(?<!\s)\*(?![\w*])|:([a-z0-9_]{2,32}):|(?<![\p{L}\p{N}_])@(?=[\p{L}\p{N}])/gu
const onlyEmoji = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s|:[a-z0-9_]{2,32}:)+$/u
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** What is known where a message is shown. */
export interface TextContext {
  /** The reader's own name, whose mention stands out; empty for a guest. */
  me: string
  /** Of those who wrote or are here. */
  names: NameBook
  /** The room's own emotes: name → address of the picture. */
  emotes: ReadonlyMap<string, string>
}

/** Bold, italic, code, links, emotes and mentions of a message, as nodes: what somebody wrote never becomes HTML. */
export function richText(text: string, { me, names, emotes }: TextContext): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index < from) continue
    const [whole, link, code, bold, italic, emote] = match
    const name = whole === '@' ? mentionedName(text.slice(match.index + 1), names) : null
    const picture = emote ? emotes.get(emote) : undefined
    if ((emote && !picture) || (whole === '@' && !name)) continue
    if (match.index > from) parts.push(text.slice(from, match.index))
    from = match.index + whole.length + (name?.length ?? 0)
    if (link) parts.push(html`<a href=${link} target="_blank" rel="noopener noreferrer nofollow ugc">${link}</a>`)
    else if (code) parts.push(html`<code>${code}</code>`)
    else if (bold) parts.push(html`<strong>${bold}</strong>`)
    else if (italic) parts.push(html`<em>${italic}</em>`)
    else if (picture) parts.push(html`<img class="emote" src=${picture} alt=${whole} title=${whole} />`)
    else if (name) parts.push(html`<span class=${means(name, me) ? 'mention me' : 'mention'}>@${name}</span>`)
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** The same in one line without its marks, for where it is only named. */
export function plainText(text: string): string {
  return text.replace(pattern, (whole, _link, code, bold, italic) => code ?? bold ?? italic ?? whole)
}

/** Up to three emoji or emotes and nothing else: they are drawn large. */
export function isJumbo(text: string, emotes: ReadonlyMap<string, string>): boolean {
  if (text.length > 120 || !onlyEmoji.test(text) || /^[\d\s#*]+$/.test(text)) return false
  const unknown = [...text.matchAll(/:([a-z0-9_]{2,32}):/g)].some(([, name = '']) => !emotes.has(name))
  const drawn = text.replace(/:[a-z0-9_]{2,32}:/g, '☺').replace(/\s/g, '')
  return (
    !unknown &&
    /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(drawn) &&
    [...segmenter.segment(drawn)].length <= 3
  )
}
