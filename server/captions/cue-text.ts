/** Tags of WebVTT (https://www.w3.org/TR/webvtt1/#webvtt-cue-text-span). */
const plainTags = new Set(['b', 'i', 'u', 'c', 'ruby', 'rt'])
const annotatedTags = new Set(['v', 'lang'])
/** What looks like a tag; a lone `<` is text. */
const piece = /<([a-z/!?][^<>]*|[\d:.]+)>|[^<]+|</gi
const startTag = /^([a-z]+)((?:\.[\w-]+)*)(?:[ \t\n]+([^<>]+))?$/
const timestamp = /^(?:\d{2,}:)?[0-5]\d:[0-5]\d\.\d{3}$/
/** An ampersand that begins no entity of WebVTT. */
const bareAmpersand = /&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d{1,7}|#x[\da-f]{1,6});)/gi
/** `{\an8}`: what SubStation Alpha leaves in SubRip files. */
const override = /\{\\[^{}\n]*\}/g

/**
 * Cue text with the tags of WebVTT and nothing else, every one of them closed. Tags that it does not know (`<font>`,
 * `<script>`) go and what is in them stays as text, so nothing that a browser would run or load is left.
 */
export function cleanCueText(text: string): string {
  const open: string[] = []
  const out: string[] = []
  for (const [whole, tag] of plain(text).matchAll(piece)) {
    if (tag === undefined) out.push(escaped(whole))
    else if (tag.startsWith('/')) out.push(close(tag.slice(1).trim(), open))
    else out.push(begin(tag.trim(), open))
  }
  for (const name of open.reverse()) out.push(`</${name}>`)
  return out
    .join('')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}

function plain(text: string): string {
  return text.replace(override, '').replace(/[^\P{Cc}\n\t]/gu, '')
}

function escaped(text: string): string {
  return text.replace(bareAmpersand, '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function begin(tag: string, open: string[]): string {
  if (timestamp.test(tag)) return `<${tag}>`
  const [, name = '', classes = '', annotation = ''] = startTag.exec(tag) ?? []
  const isAnnotated = annotatedTags.has(name)
  if (!plainTags.has(name) && !(isAnnotated && annotation !== '')) return ''
  open.push(name)
  const said = annotation.replace(/\s+/g, ' ').trim()
  return `<${name}${classes}${isAnnotated ? ` ${escaped(said)}` : ''}>`
}

/** What was opened within it ends with it. */
function close(name: string, open: string[]): string {
  const at = open.lastIndexOf(name)
  if (at < 0) return ''
  return open
    .splice(at)
    .reverse()
    .map((one) => `</${one}>`)
    .join('')
}
