import type { RoomMode } from './protocol.ts'

export type RoomName = { kind: 'lobby' } | { kind: 'channel' | 'course'; id: number }

/** Which room an id names; null for none that could be. */
export function parseRoom(room: string): RoomName | null {
  if (room === 'lobby') return { kind: 'lobby' }
  const [, kind, id] = /^(channel|course)-([1-9]\d{0,8})$/.exec(room) ?? []
  return kind ? { kind: kind as 'channel' | 'course', id: Number(id) } : null
}

/** Nobody follows a course, and nobody is enrolled in the lobby. */
const modesOf: Record<RoomName['kind'], readonly RoomMode[]> = {
  lobby: ['all', 'mods', 'emote'],
  channel: ['all', 'followers', 'enrolled', 'mods', 'emote'],
  course: ['all', 'enrolled', 'mods', 'emote'],
}

export function hasMode(room: string, mode: RoomMode): boolean {
  const parsed = parseRoom(room)
  return !parsed || modesOf[parsed.kind].includes(mode)
}
