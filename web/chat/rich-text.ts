import { html, type TemplateResult } from 'lit'

const pattern =
  /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])|`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(@[\p{L}\p{N}_.-]{2,30})/gu

/**
 * Bold, italic, code, links and mentions of a message, as nodes: what somebody wrote never becomes HTML.
 *
 * @param me the reader's own name, whose mention stands out
 */
export function richText(text: string, me: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    const [whole, link, code, bold, italic, mention] = match
    parts.push(text.slice(from, match.index))
    from = match.index + whole.length
    if (link) parts.push(html`<a href=${link} target="_blank" rel="noopener noreferrer nofollow ugc">${link}</a>`)
    else if (code) parts.push(html`<code>${code}</code>`)
    else if (bold) parts.push(html`<strong>${bold}</strong>`)
    else if (italic) parts.push(html`<em>${italic}</em>`)
    else if (mention) {
      const isMe = me !== '' && me.toLowerCase().startsWith(mention.slice(1).toLowerCase())
      parts.push(html`<span class=${isMe ? 'mention me' : 'mention'}>${mention}</span>`)
    }
  }
  parts.push(text.slice(from))
  return parts
}
