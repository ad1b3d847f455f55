import { createECDH } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { findSecrets, secretNames } from '../../../config/local/secrets.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat-secrets-'))
const file = join(directory, 'data', 'secrets.json')
afterEach(() => rmSync(join(directory, 'data'), { recursive: true, force: true }))

it('makes four different secrets and a key pair once and finds them again', () => {
  const made = findSecrets({}, file)
  expect(new Set(Object.values(made)).size).toBe(6)
  for (const secret of Object.values(made)) expect(secret.length).toBeGreaterThan(32)
  expect(findSecrets({}, file)).toEqual(made)
})

it('keeps them where only their owner can read them', () => {
  findSecrets({}, file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

it('prefers those of the environment and does not write them down', () => {
  const secrets = findSecrets({ JWT_SECRET: 'from-the-environment' }, file)
  expect(secrets.JWT_SECRET).toBe('from-the-environment')
  expect(readFileSync(file, 'utf8')).not.toContain('from-the-environment')
})

it('touches no file when all are given', () => {
  const names = [...secretNames, 'VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY']
  findSecrets(Object.fromEntries(names.map((name) => [name, name])), file)
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
})

it('makes a pair whose halves belong together, also beside secrets that were kept before there were pairs', () => {
  mkdirSync(dirname(file), { recursive: true })
  const old = Object.fromEntries(secretNames.map((name) => [name, name.repeat(4)]))
  writeFileSync(file, JSON.stringify(old))
  const { VAPID_PUBLIC_KEY = '', VAPID_PRIVATE_KEY = '', ...kept } = findSecrets({}, file)
  expect(kept).toEqual(old)
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(VAPID_PRIVATE_KEY, 'base64url')
  expect(pair.getPublicKey('base64url')).toBe(VAPID_PUBLIC_KEY)
  expect(VAPID_PRIVATE_KEY).toHaveLength(43)
})

it('makes no pair in production, nor half of one', () => {
  const all = Object.fromEntries(secretNames.map((name) => [name, name]))
  expect(findSecrets({ ...all, NODE_ENV: 'production' }, file)).toEqual(all)
  expect(findSecrets({ ...all, VAPID_PUBLIC_KEY: 'theirs' }, file)).toEqual(all)
})

it('makes nothing up in production, but names what is missing', () => {
  const find = () => findSecrets({ NODE_ENV: 'production', JWT_SECRET: 'x', TOKEN_SECRET: 'x' }, file)
  expect(find).toThrow(/set STREAM_KEY_SECRET, INTERNAL_SECRET\.$/)
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
})
