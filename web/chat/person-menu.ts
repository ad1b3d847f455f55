import { msg, str } from '@lit/localize'
import { ApiError, send } from '../api.ts'
import { toast } from '../ui/toast.ts'
import { askFirst } from './ask-first.ts'
import type { MenuItem } from './chat-menu.ts'
import { MODERATOR, OWNER } from './chat-ranks.ts'
import type { ChatRoom } from './chat-room.ts'
import { deedRefusalText, lengthText } from './chat-words.ts'
import { pathOf } from './room-api.ts'
import type { Entry } from './room-log.ts'

const TIMEOUTS_SECONDS = [60, 600, 3600, 86_400]

/** Somebody in a room, as their messages and the list of who is here name them. */
export interface Somebody {
  u: string
  n: string
  r: number
}

/** Does it, and says so, or why not. */
async function carryOut(chat: ChatRoom, operation: object, done: string): Promise<void> {
  const refusal = await chat.moderate(operation)
  void toast(refusal ? deedRefusalText(refusal) : done, refusal ? 'danger' : 'success')
}

/** What the reader may do to a message, and to who wrote it. */
export function messageActions(chat: ChatRoom, entry: Entry, me: string | null): MenuItem[][] {
  const { line } = entry
  const isOwn = me !== null && line.u === me
  const isModerator = chat.rank >= MODERATOR
  // Numbers of another epoch mean other messages now.
  const isCurrent = entry.e === chat.log.epoch
  const items: MenuItem[] = [
    {
      label: msg('Copy the text'),
      run: () =>
        void navigator.clipboard
          .writeText(line.b ?? '')
          .then(() => toast(msg('Copied')))
          .catch(() => toast(msg('It could not be copied.'), 'danger')),
    },
  ]
  if (isModerator && isCurrent) {
    items.push({
      label: msg('Pin for everybody'),
      run: () => void carryOut(chat, { op: 'pin', s: line.s }, msg('Pinned')),
    })
  }
  if ((isModerator || (isOwn && chat.rank > 0)) && (isCurrent || entry.messageId !== undefined)) {
    items.push({ label: msg('Delete'), isBad: true, run: () => void deleteMessage(chat, entry) })
  }
  return [items, ...personActions(chat, { u: line.u ?? '', n: line.n ?? '', r: line.r ?? 0 }, me)]
}

/** What a moderator may do to a person; nothing to themselves, nor to who stands as high. */
export function personActions(chat: ChatRoom, person: Somebody, me: string | null): MenuItem[][] {
  const isBelow = person.r < MODERATOR || person.r < chat.rank
  if (chat.rank < MODERATOR || person.u === me || !person.u.startsWith('u:') || !isBelow) return []
  const { u: uid, n: name } = person
  const timeouts = TIMEOUTS_SECONDS.map((sec) => ({
    label: msg(str`Silence for ${lengthText(sec)}`),
    run: () => void carryOut(chat, { op: 'timeout', uid, sec }, msg(str`${name} cannot write for ${lengthText(sec)}.`)),
  }))
  const unban = {
    label: msg('Let write again'),
    run: () => void carryOut(chat, { op: 'unban', uid }, msg(str`${name} may write again.`)),
  }
  const appointment = {
    label: person.r < MODERATOR ? msg('Make a moderator') : msg('Moderator no longer'),
    run: () => void appoint(chat, person),
  }
  return [
    chat.rank >= OWNER ? [appointment] : [],
    chat.log.silenced.has(uid) ? [unban, ...timeouts] : timeouts,
    [
      { label: msg('Delete all messages…'), isBad: true, run: () => void purge(chat, person) },
      { label: msg('Ban…'), isBad: true, run: () => void ban(chat, person) },
    ],
  ]
}

async function purge(chat: ChatRoom, { u: uid, n: name }: Somebody): Promise<void> {
  const isWanted = await askFirst({
    heading: msg(str`Delete everything that ${name} wrote here?`),
    text: msg('It disappears for everybody, also from the recording. It cannot be brought back.'),
    action: msg('Delete all'),
  })
  if (isWanted) await carryOut(chat, { op: 'purge', uid }, msg(str`Everything that ${name} wrote is deleted.`))
}

async function ban(chat: ChatRoom, { u: uid, n: name }: Somebody): Promise<void> {
  const isWanted = await askFirst({
    heading: msg(str`Ban ${name}?`),
    text: msg('They can read, but write nothing here until a moderator lifts the ban in the settings.'),
    action: msg('Ban'),
  })
  if (isWanted) await carryOut(chat, { op: 'ban', uid }, msg(str`${name} is banned.`))
}

async function deleteMessage(chat: ChatRoom, entry: Entry): Promise<void> {
  const done = msg('Deleted. It cannot be brought back.')
  if (entry.e === chat.log.epoch) return carryOut(chat, { op: 'del', s: entry.line.s }, done)
  return throughApi(() => chat.deleteKept(entry), done)
}

/** Or takes it back from who is one. */
async function appoint(chat: ChatRoom, { u, n: name, r }: Somebody): Promise<void> {
  const isNew = r < MODERATOR
  await throughApi(
    () => send(isNew ? 'PUT' : 'DELETE', pathOf(chat.room, `members/${u.slice(2)}/`)),
    isNew ? msg(str`${name} keeps order here now.`) : msg(str`${name} moderates no longer.`),
  )
}

async function throughApi(work: () => Promise<unknown>, done: string): Promise<void> {
  try {
    await work()
    void toast(done)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    void toast(error.message || msg('It was not done. Try again.'), 'danger')
  }
}
