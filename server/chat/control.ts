import type { RedisClient } from '../redis.ts'
import type { ServerFrame } from './protocol.ts'

export const CONTROL_CHANNEL = 'chat:ctl'

/** What the platform and the hubs say to every hub. */
export type Control =
  | { kind: 'place'; room: string; uid: string }
  | { kind: 'rules'; room: string }
  | { kind: 'frame'; room: string; frame: ServerFrame }
  | { kind: 'site'; frame: ServerFrame }
  | { kind: 'people'; uids: readonly string[]; frame: ServerFrame }

/** One notice of a person in so long, over all nodes. */
const NOTICE_MS = 30_000

/** One word to so many, or a hub would be busy with a single one for too long. */
const MOST_PEOPLE = 500

/**
 * To every page that somebody has open, whichever hub it hangs on; to nobody when there is none.
 *
 * @param uid `u:<account>`, or `g:<guest>` as a guest's cookie has it
 * @throws {Error} Redis is away
 */
export function tellPerson(redis: RedisClient, uid: string, frame: ServerFrame): Promise<void> {
  return tellPeople(redis, [uid], frame)
}

/** The same word to many. */
export async function tellPeople(redis: RedisClient, uids: readonly string[], frame: ServerFrame): Promise<void> {
  for (let i = 0; i < uids.length; i += MOST_PEOPLE) {
    await say(redis, { kind: 'people', uids: uids.slice(i, i + MOST_PEOPLE), frame })
  }
}

/** To everybody in a room, on every hub; not a line of it: who comes later does not learn of it. */
export function tellRoom(redis: RedisClient, room: string, frame: ServerFrame): Promise<void> {
  return say(redis, { kind: 'frame', room, frame })
}

/** To every page of the site that has the chat's connection. */
export function tellSite(redis: RedisClient, frame: ServerFrame): Promise<void> {
  return say(redis, { kind: 'site', frame })
}

/** 0 when they may send a notice now; it counts as sent. Else how long they have to wait, milliseconds. */
export async function takeNotice(redis: RedisClient, account: string): Promise<number> {
  const key = `chat:notice:${account}`
  const isFirst = (await redis.set(key, '1', { PX: NOTICE_MS, NX: true })) !== null
  return isFirst ? 0 : Math.max(1, await redis.pTTL(key))
}

export async function say(redis: RedisClient, control: Control): Promise<void> {
  await redis.publish(CONTROL_CHANNEL, JSON.stringify(control))
}
