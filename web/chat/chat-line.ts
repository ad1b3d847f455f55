import { msg, str } from '@lit/localize'
import { html, nothing, type TemplateResult } from 'lit'
import { currentLocale } from '../locale.ts'
import { icon } from '../ui/icons.ts'
import { smallPicture } from '../ui/picture.ts'
import { MODERATOR, OWNER } from './chat-ranks.ts'
import { refusalText, systemText } from './chat-words.ts'
import { mentions } from './mentions.ts'
import { nameColours } from './name-colour.ts'
import type { Outgoing } from './outbox.ts'
import { isJumbo, plainText, richText, type TextContext } from './rich-text.ts'
import type { Entry } from './room-log.ts'

/** What a line may ask of the list that it stands in. */
export interface LineActions {
  reply(entry: Entry): void
  openMenu(entry: Entry, anchor: HTMLElement): void
  jumpTo(s: number): void
}

export interface LineContext extends TextContext {
  /** The message that it answers; undefined when it is gone, or too far back. */
  answered: Entry | undefined
  canWrite: boolean
  isModerator: boolean
  actions: LineActions
}

/** One line of the chat. */
export function chatLine(entry: Entry, context: LineContext): TemplateResult | typeof nothing {
  const { line } = entry
  if (line.k !== 'msg') {
    // Who was silenced is between them and who keeps order.
    if (line.k === 'sys' && line.b !== 'join' && line.b !== 'leave' && !context.isModerator) return nothing
    return html`<li data-id=${entry.id} class="sys" tabindex="-1">${systemText(line)}</li>`
  }
  const { u = '', n = '', b = '' } = line
  const { light, dark } = nameColours(u)
  const isCalled = mentions(b, context.me)
  return html`<li data-id=${entry.id} tabindex="-1" class=${isCalled ? 'called' : ''}>
    ${avatar(u, n, line.a)}
    <div class="body">
      ${line.re ? answered(line.re, context) : nothing}
      ${badge(line.r ?? 0)}<span class="name" style="color: light-dark(${light}, ${dark})">${n}</span>
      <span class=${isJumbo(b, context.emotes) ? 'text jumbo' : 'text'}>${richText(b, context)}</span>
    </div>
    <span class="tools">
      <time datetime=${new Date(line.ts).toISOString()} title=${momentText(line.ts)}>${timeText(line.ts)}</time>
      ${
        context.canWrite
          ? html`<button type="button" aria-label=${msg(str`Reply to ${n}`)} title=${msg('Reply')} @click=${() => context.actions.reply(entry)}>${icon('reply', 18)}</button>`
          : nothing
      }
      <button
        type="button"
        aria-haspopup="menu"
        aria-label=${msg(str`More about the message of ${n}`)}
        title=${msg('More')}
        @click=${(event: Event) => context.actions.openMenu(entry, event.currentTarget as HTMLElement)}
      >${icon('more', 18)}</button>
    </span>
  </li>`
}

function answered(s: number, { answered: entry, actions }: LineContext): TemplateResult {
  if (!entry) return html`<span class="re">${icon('reply', 14)}${msg('An older message')}</span>`
  const { n = '', b = '' } = entry.line
  return html`<button type="button" class="re" title=${msg('Show the message')} @click=${() => actions.jumpTo(s)}>
    ${icon('reply', 14)}<span>${n}: ${plainText(b)}</span>
  </button>`
}

export function badge(rank: number): TemplateResult | typeof nothing {
  if (rank >= OWNER) return html`<span class="badge host">${msg('Host')}</span>`
  return rank >= MODERATOR ? html`<span class="badge">${msg('Mod')}</span>` : nothing
}

/** A picture, or the first letter on the person's colour. */
export function avatar(uid: string, name: string, picture: string | undefined): TemplateResult {
  if (picture)
    return html`<img class="avatar" src=${smallPicture(picture, 24)} alt="" width="24" height="24" loading="lazy" decoding="async" />`
  const { light } = nameColours(uid)
  return html`<span class="avatar" aria-hidden="true" style="background: ${light}">${[...name.trim()][0]?.toUpperCase() ?? '?'}</span>`
}

/** A message on its way, or one that did not go out. */
export function outgoingLine(
  message: Outgoing,
  { again, dismiss }: { again(message: Outgoing): void; dismiss(message: Outgoing): void },
): TemplateResult {
  const { refusal } = message
  return html`<li class=${refusal ? 'refused' : 'waiting'}>
    <div class="body">
      <span class="text">${message.body}</span>
      ${
        refusal
          ? html`<span class="why" role="alert">${refusalText(refusal)}</span>
            <button type="button" class="plain" @click=${() => again(message)}>${msg('Send again')}</button>
            <button type="button" class="plain" @click=${() => dismiss(message)}>${msg('Discard')}</button>`
          : html`<span class="visually-hidden">${msg('On its way')}</span>`
      }
    </div>
  </li>`
}

/** `14:05`. */
export function timeText(ms: number): string {
  return new Intl.DateTimeFormat(currentLocale(), { hour: '2-digit', minute: '2-digit' }).format(ms)
}

export function momentText(ms: number): string {
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'long', timeStyle: 'medium' }).format(ms)
}

/** `Today`, `yesterday`, or the day. */
export function dayText(ms: number, nowMs: number): string {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0)
  const days = Math.round((midnight(ms) - midnight(nowMs)) / 86_400_000)
  const text =
    days > -2
      ? new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' }).format(days, 'day')
      : new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'long' }).format(ms)
  return text.charAt(0).toLocaleUpperCase(currentLocale()) + text.slice(1)
}
