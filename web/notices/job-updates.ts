import type { ServerFrame } from '../../server/chat/protocol.ts'
import { chatConnection } from '../chat/chat-connection.ts'

type JobFrame = Extract<ServerFrame, { t: 'job' }>

/**
 * Hears how the person's jobs go on (`id`, `status`, `progress` of an export or a video), and keeps the page's connection
 * open for it, a guest's too. Words may be lost: ask for the job itself now and then.
 *
 * @returns what ends it
 */
export function onJob(take: (job: JobFrame) => void): () => void {
  return chatConnection.listen((frame) => frame.t === 'job' && take(frame), { holds: true })
}
