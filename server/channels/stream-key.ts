import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** 192 random bits as 32 characters that OBS, a URL and a shell all take as they are. */
function newStreamKey(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * Keeps stream keys: encrypted for their owner, who may look at theirs again, and as a keyed hash for the lookup. Who has
 * the database has neither.
 */
export class StreamKeys {
  readonly #encryption: Uint8Array
  readonly #lookup: Uint8Array

  /** @param secret STREAM_KEY_SECRET; two keys are derived, so that neither use weakens the other */
  constructor(secret: string) {
    this.#encryption = new Uint8Array(hkdfSync('sha256', secret, '', 'ustat stream key encryption', 32))
    this.#lookup = new Uint8Array(hkdfSync('sha256', secret, '', 'ustat stream key lookup', 32))
  }

  create(): { streamKeyCipher: string; streamKeyHash: string } {
    const key = newStreamKey()
    return { streamKeyCipher: this.#encrypt(key), streamKeyHash: this.hash(key) }
  }

  hash(key: string): string {
    return createHmac('sha256', this.#lookup).update(key).digest('hex')
  }

  /** @throws when it was encrypted under another secret or edited */
  reveal(cipher: string): string {
    const [nonce, tag, text] = cipher.split('.').map((part) => Buffer.from(part, 'base64url'))
    if (!nonce || !tag || !text) throw new TypeError('not an encrypted stream key')
    const decipher = createDecipheriv('aes-256-gcm', this.#encryption, nonce, { authTagLength: 16 }).setAuthTag(tag)
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  }

  #encrypt(key: string): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#encryption, nonce, { authTagLength: 16 })
    const text = Buffer.concat([cipher.update(key, 'utf8'), cipher.final()])
    return [nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url')).join('.')
  }
}
