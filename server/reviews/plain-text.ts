import sanitize from 'sanitize-html'

const signs: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }

/**
 * What somebody wrote as text alone: no tag is left, not even one that was written as entities, so that who shows it as
 * HTML by mistake shows nothing that runs. Line breaks stay, other control characters go.
 */
export function plainText(written: string): string {
  let text = written.replace(/\r\n?/g, '\n').replace(/[^\P{C}\n\t\u200d]/gu, '')
  for (let before = ''; before !== text; ) {
    before = text
    text = sanitize(text, { allowedTags: [], allowedAttributes: {} }).replace(
      /&(?:lt|gt|quot|amp);/g,
      (sign) => signs[sign] ?? sign,
    )
  }
  return text.trim()
}
