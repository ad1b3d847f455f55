import type { ReactiveController, ReactiveControllerHost } from 'lit'
import type { PushKeyJson } from '../../server/notices/contract.ts'
import { get, send } from '../api.ts'
import { currentLocale } from '../locale.ts'

const WORKER = '/service-worker.js'
const OWNER = 'push-for'
const SUBSCRIPTIONS = '/api/push-subscriptions/'

/**
 * What can be done about pushes in this browser.
 *
 *   off          the site sends none
 *   unsupported  the browser takes none
 *   denied       its person has said no, and only they can take that back, in its settings
 *   silent ⇄ on
 *   failed       the browser could not reach its push service
 */
type DeviceState = 'unknown' | 'off' | 'unsupported' | 'denied' | 'silent' | 'on' | 'failed'

/** Pushes to this very browser. Permission is asked for when its person asks for pushes, and never before. */
class Device {
  state: DeviceState = 'unknown'
  isBusy = false
  readonly #hosts = new Set<ReactiveControllerHost>()
  #person: number | null = null
  #key: string | null = null
  #looking: Promise<void> | null = null

  /** There is something to say about it. */
  get isOffered(): boolean {
    return this.state !== 'unknown' && this.state !== 'off'
  }

  attach(host: ReactiveControllerHost): void {
    this.#hosts.add(host)
  }

  detach(host: ReactiveControllerHost): void {
    this.#hosts.delete(host)
  }

  /** Who is signed in here. What somebody else had asked for on this browser ends with them. */
  become(person: number | null): void {
    if (person === this.#person) return
    this.#person = person
    this.#looking = person === null ? null : this.#look(person).catch(() => this.#become('failed'))
  }

  /** Shows the browser's question when it has not been answered yet. */
  async enable(): Promise<void> {
    await this.#busily(async () => {
      await this.#looking
      if (!this.#key || this.#person === null) return
      const permission = await Notification.requestPermission()
      if (permission !== 'granted') return this.#become(permission === 'denied' ? 'denied' : 'silent')
      await navigator.serviceWorker.register(WORKER)
      const { pushManager } = await navigator.serviceWorker.ready
      const old = await pushManager.getSubscription()
      if (old && !isOf(old, this.#key)) await old.unsubscribe()
      const options = { userVisibleOnly: true, applicationServerKey: this.#key }
      await this.#hand(await pushManager.subscribe(options), this.#person)
    })
  }

  async disable(): Promise<void> {
    await this.#busily(async () => {
      await this.#end()
      this.#become('silent')
    })
  }

  /** Before signing out: what comes for one person must not be read by the next. */
  async leave(): Promise<void> {
    if (this.state === 'on') await this.#end().catch(() => undefined)
    this.#person = null
    this.state = 'unknown'
  }

  /** The words of pushes follow the page's language. */
  async localeChanged(): Promise<void> {
    const subscription = this.state === 'on' ? await findSubscription() : null
    if (subscription && this.#person !== null) await this.#hand(subscription, this.#person).catch(() => undefined)
  }

  async #look(person: number): Promise<void> {
    this.#key = (await get<PushKeyJson>(`${SUBSCRIPTIONS}key/`)).public_key
    if (!this.#key) return this.#become('off')
    if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
      return this.#become('unsupported')
    }
    const subscription = await findSubscription()
    if (subscription && (readOwner() !== person || !isOf(subscription, this.#key))) {
      await subscription.unsubscribe()
    } else if (subscription && Notification.permission === 'granted') {
      // Said again: the site may have forgotten it, or the browser have made another.
      return this.#hand(subscription, person)
    }
    this.#become(Notification.permission === 'denied' ? 'denied' : 'silent')
  }

  async #hand(subscription: PushSubscription, person: number): Promise<void> {
    const { endpoint, keys } = subscription.toJSON()
    await send('POST', SUBSCRIPTIONS, { endpoint, keys, language: currentLocale() })
    keepOwner(person)
    this.#become('on')
  }

  async #end(): Promise<void> {
    const subscription = await findSubscription()
    if (!subscription) return
    // Once the browser has unsubscribed, what is still sent is answered "gone", and forgotten.
    await Promise.allSettled([
      send('DELETE', SUBSCRIPTIONS, { endpoint: subscription.endpoint }),
      subscription.unsubscribe(),
    ])
  }

  async #busily(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    this.#changed()
    try {
      await work()
    } catch {
      this.#become('failed')
    } finally {
      this.isBusy = false
      this.#changed()
    }
  }

  #become(state: DeviceState): void {
    this.state = state
    this.#changed()
  }

  #changed(): void {
    for (const host of this.#hosts) host.requestUpdate()
  }
}

export const device = new Device()

/** Renders its host when what can be done about pushes changes. */
export class DeviceController implements ReactiveController {
  readonly #host: ReactiveControllerHost

  constructor(host: ReactiveControllerHost) {
    this.#host = host
    host.addController(this)
  }

  hostConnected(): void {
    device.attach(this.#host)
  }

  hostDisconnected(): void {
    device.detach(this.#host)
  }
}

async function findSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration('/')
  return (await registration?.pushManager.getSubscription()) ?? null
}

/** Made for this site's key, and not for one that it had before. */
function isOf({ options }: PushSubscription, key: string): boolean {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0))
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key
}

function readOwner(): number | null {
  try {
    return Number(localStorage.getItem(OWNER)) || null
  } catch {
    return null
  }
}

function keepOwner(person: number): void {
  try {
    localStorage.setItem(OWNER, String(person))
  } catch {
    // Storage is refused: it is asked for again on the next visit.
  }
}
