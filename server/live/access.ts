import type { Viewer } from '../accounts/viewer.ts'
import type { Visibility } from './broadcast-json.ts'

/** Whose it is and who may see it: of a broadcast or a recording, with its channel's owner. */
export interface Shown {
  visibility: Visibility
  ownerId: number
}

type Who = Pick<Viewer, 'id' | 'role'> | null

/** Channel, broadcasts, recordings: their owner's and an admin's to change. */
export function mayManage(who: Who, ownerId: number): boolean {
  return who !== null && (who.id === ownerId || who.role === 'admin')
}

/**
 * Whoever knows its id may watch what is public or unlisted; what is for enrolled learners needs their course.
 *
 * @param isLearner as `isForLearner` of learners.ts found out
 */
export function mayWatch(who: Who, shown: Shown, isLearner = false): boolean {
  return shown.visibility !== 'enrolled' || isLearner || mayManage(who, shown.ownerId)
}

/** Lists and the channel's page show what is public; an unlisted one is found by its id alone. */
export function isListed(who: Who, shown: Shown): boolean {
  return shown.visibility === 'public' || mayManage(who, shown.ownerId)
}
