/** Of `:name:`. */
const emote = /:([a-z0-9_]{2,24}):/g
/** Emoji as people send them: with skin, joined to families, flags; and those that need no selector to be one. */
const emoji = /\p{RGI_Emoji}|\p{Extended_Pictographic}\ufe0f?|\s+/gv

/** Whether there is nothing in it but emoji, emotes of the room, and blanks. Linear in its length. */
export function isEmoteOnly(text: string, emotes: readonly string[]): boolean {
  const rest = text.replace(emote, (written, name: string) => (emotes.includes(name) ? ' ' : written))
  return rest.replace(emoji, '') === ''
}
