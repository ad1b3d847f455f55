import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { ApiError, send } from '../api.ts'
import { VideoUpload } from './video-upload.ts'

/** At a time; more of them would only share the line. */
const SENDING_AT_ONCE = 2
const SHOWN_EVERY_MS = 100

const changes = new EventTarget()
let list: readonly VideoUpload[] = []
let isGuarded = false
let isAnnounced = false

/** The uploads of this tab, which go on while other pages are looked at. Renders its host when something changes. */
export class Uploads implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #onDone: () => void
  #done = 0

  /** @param onDone one of them has arrived whole */
  constructor(host: ReactiveControllerHost, onDone: () => void) {
    this.#host = host
    this.#onDone = onDone
    host.addController(this)
  }

  get list(): readonly VideoUpload[] {
    return list
  }

  hostConnected(): void {
    this.#done = countDone()
    changes.addEventListener('change', this.#onChange)
  }

  hostDisconnected(): void {
    changes.removeEventListener('change', this.#onChange)
  }

  readonly #onChange = (): void => {
    const done = countDone()
    if (done > this.#done) this.#onDone()
    this.#done = done
    this.#host.requestUpdate()
  }
}

/** A file that is on its way already is not begun again. */
export function addUploads(files: Iterable<File>): void {
  for (const file of files) {
    const isSame = (one: VideoUpload) =>
      one.state !== 'done' &&
      one.file.name === file.name &&
      one.file.size === file.size &&
      one.file.lastModified === file.lastModified
    const same = list.find(isSame)
    if (!same) list = [...list, new VideoUpload(file, changed)]
    else if (same.state === 'paused' || same.state === 'failed') same.state = 'waiting'
  }
  changed()
}

/** Goes on as soon as it is its turn. */
export function resumeUpload(upload: VideoUpload): void {
  upload.state = 'waiting'
  upload.error = null
  changed()
}

/**
 * Ends it, and deletes what has arrived.
 *
 * @throws {ApiError}
 */
export async function cancelUpload(upload: VideoUpload): Promise<void> {
  await upload.forget()
  if (upload.video) {
    await send('DELETE', `/api/videos/${upload.video}/`).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    })
  }
  list = list.filter((one) => one !== upload)
  changed()
}

function countDone(): number {
  return list.filter(({ state }) => state === 'done').length
}

function changed(): void {
  const isFree = list.filter(({ state }) => state === 'sending').length < SENDING_AT_ONCE
  // That is a change too, and with it the next one has its turn.
  if (isFree) void list.find(({ state }) => state === 'waiting')?.start()
  const isBusy = list.some(({ state }) => state === 'sending' || state === 'waiting')
  if (isBusy !== isGuarded) {
    isGuarded = isBusy
    if (isBusy) window.addEventListener('beforeunload', warn)
    else window.removeEventListener('beforeunload', warn)
  }
  if (isAnnounced) return
  isAnnounced = true
  // Progress comes with every packet.
  setTimeout(() => {
    isAnnounced = false
    changes.dispatchEvent(new Event('change'))
  }, SHOWN_EVERY_MS)
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
