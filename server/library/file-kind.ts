import { fileTypeFromBuffer } from 'file-type'

/** As much as tells what a file is. */
export const SNIFFED_BYTES = 4100

/** What learners hand in and teachers give out; nothing that a browser or a system would run. */
const taken = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/heic', 'image/tiff'],
  ...['application/pdf', 'application/rtf', 'application/epub+zip', 'application/x-cfb'],
  ...['wordprocessingml.document', 'spreadsheetml.sheet', 'presentationml.presentation'].map(
    (kind) => `application/vnd.openxmlformats-officedocument.${kind}`,
  ),
  ...['text', 'spreadsheet', 'presentation'].map((kind) => `application/vnd.oasis.opendocument.${kind}`),
  ...['application/zip', 'application/x-7z-compressed', 'application/gzip'],
  ...['audio/mpeg', 'audio/wav', 'audio/ogg', 'audio/flac', 'audio/x-m4a', 'audio/aac'],
  ...['video/mp4', 'video/webm', 'video/quicktime', 'video/matroska', 'video/x-matroska'],
])

/**
 * What a file is by its first bytes; its name and what the client says of it prove nothing. Text of any kind, also markup,
 * is `text/plain`: nobody's browser reads it as a page.
 *
 * @param head its first `SNIFFED_BYTES`
 * @returns null of what is not taken
 */
export async function fileKind(head: Uint8Array): Promise<string | null> {
  const found = await fileTypeFromBuffer(head)
  if (found?.mime === 'application/xml') return 'text/plain'
  if (found) return taken.has(found.mime) ? found.mime : null
  return isText(head) ? 'text/plain' : null
}

function isText(head: Uint8Array): boolean {
  if (head.includes(0)) return false
  try {
    // The last character may be cut off where the head ends.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}
