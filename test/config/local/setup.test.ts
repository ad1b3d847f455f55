import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { run } from '../../../config/local/processes.ts'
import { packagesAreCurrent } from '../../../config/local/setup-packages.mjs'

const directory = mkdtempSync(join(tmpdir(), 'ustat-setup-'))
const installed = join(directory, 'node_modules', '.package-lock.json')
afterAll(() => rmSync(directory, { recursive: true, force: true }))
beforeEach(() => {
  mkdirSync(join(directory, 'node_modules'), { recursive: true })
  copyFileSync('package-lock.json', join(directory, 'package-lock.json'))
  copyFileSync('node_modules/.package-lock.json', installed)
})

function change(edit: (packages: Record<string, { version: string }>) => void) {
  const lock = JSON.parse(readFileSync(installed, 'utf8'))
  edit(lock.packages)
  writeFileSync(installed, JSON.stringify(lock))
}

it('knows packages that are what the lock file says', () => {
  expect(packagesAreCurrent(directory)).toBe(true)
})

it('installs packages when there are none', () => {
  rmSync(installed)
  expect(packagesAreCurrent(directory)).toBe(false)
})

it('installs packages when one has another version, is missing or is left over', () => {
  change((packages) => Object.assign(packages['node_modules/koa'] ?? {}, { version: '0.0.1' }))
  expect(packagesAreCurrent(directory)).toBe(false)
  copyFileSync('node_modules/.package-lock.json', installed)
  change((packages) => delete packages['node_modules/koa'])
  expect(packagesAreCurrent(directory)).toBe(false)
  copyFileSync('node_modules/.package-lock.json', installed)
  change((packages) => Object.assign(packages, { 'node_modules/left-over': { version: '1.0.0' } }))
  expect(packagesAreCurrent(directory)).toBe(false)
})

it('has nothing to do a second time', async () => {
  const { isOk, text } = await run([process.execPath, 'config/local/setup.mjs', 'check'])
  expect(isOk, text).toBe(true)
  expect(text).toMatch(/^setup: ready \(\d\.\d s\)$/)
})

it('says what it can be asked for', async () => {
  const { isOk, text } = await run([process.execPath, 'config/local/setup.mjs', 'everything'])
  expect(isOk).toBe(false)
  expect(text).toBe('Say what to set up for: start, dev, publish, test, bench, check, image.')
})
