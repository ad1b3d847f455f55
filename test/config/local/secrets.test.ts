import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { findSecrets, secretNames } from '../../../config/local/secrets.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat-secrets-'))
const file = join(directory, 'data', 'secrets.json')
afterEach(() => rmSync(join(directory, 'data'), { recursive: true, force: true }))

it('makes four different secrets once and finds them again', () => {
  const made = findSecrets({}, file)
  expect(new Set(Object.values(made)).size).toBe(4)
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
  findSecrets(Object.fromEntries(secretNames.map((name) => [name, name])), file)
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
})

it('makes nothing up in production, but names what is missing', () => {
  const find = () => findSecrets({ NODE_ENV: 'production', JWT_SECRET: 'x', TOKEN_SECRET: 'x' }, file)
  expect(find).toThrow(/set STREAM_KEY_SECRET, INTERNAL_SECRET\.$/)
  expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
})
