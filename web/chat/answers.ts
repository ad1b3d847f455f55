import type { ServerFrame } from '../../server/chat/protocol.ts'

const PATIENCE_MS = 8000

/** A frame that names the one that it answers. */
export type Answer = Extract<ServerFrame, { cid?: string }>

/** Questions to the hub that wait for their answers. */
export class Answers {
  readonly #waiting = new Map<string, (answer: Answer | null) => void>()

  /**
   * @param say sends the question under that id; false when nobody is there to hear it
   * @returns null when no answer came in time
   */
  ask(say: (cid: string) => boolean): Promise<Answer | null> {
    const cid = crypto.randomUUID()
    return new Promise((resolve) => {
      const done = (answer: Answer | null) => {
        this.#waiting.delete(cid)
        clearTimeout(timer)
        resolve(answer)
      }
      const timer = setTimeout(() => done(null), PATIENCE_MS)
      this.#waiting.set(cid, done)
      if (!say(cid)) done(null)
    })
  }

  take(frame: ServerFrame): void {
    if ('cid' in frame && frame.cid) this.#waiting.get(frame.cid)?.(frame)
  }
}
