import { expect, it } from 'vitest'
import { Passwords } from '../../../server/accounts/password.ts'
import { User } from '../../../server/accounts/user.ts'
import { PASSWORD, startServer } from '../../support/server.ts'

it('a password is kept as argon2id of what OWASP asks, salted anew each time', async () => {
  await using server = await startServer({ isHashing: true })
  const em = server.context.orm.em.fork()
  const [one, other] = [await server.register(), await server.register()]
  const users = await em.find(User, { id: { $in: [one.id, other.id] } })
  for (const { passwordHash } of users) {
    const [, kind, version, costs = '', salt, hash] = passwordHash.split('$')
    expect([kind, version, costs.split(',').sort()]).toEqual(['argon2id', 'v=19', ['m=19456', 'p=1', 't=2']])
    expect([salt?.length, hash?.length]).toEqual([22, 43])
    expect(passwordHash).not.toContain(PASSWORD)
  }
  expect(users[0]?.passwordHash).not.toBe(users[1]?.passwordHash)
})

it('is right or wrong, and without an account wrong after the same work', async () => {
  const passwords = new Passwords()
  const stored = await passwords.hash(PASSWORD)
  expect(await passwords.isRight(stored, PASSWORD)).toBe(true)
  expect(await passwords.isRight(stored, `${PASSWORD} `)).toBe(false)
  // Even with the very words that nobody's hash is made of.
  expect(await passwords.isRight(null, 'nobody has this password')).toBe(false)
  const times = { known: 0, unknown: 0 }
  for (let round = 0; round < 8; round++) {
    const startedAt = performance.now()
    await passwords.isRight(stored, 'wrong')
    const between = performance.now()
    await passwords.isRight(null, 'wrong')
    times.known += between - startedAt
    times.unknown += performance.now() - between
  }
  expect(times.unknown).toBeGreaterThan(times.known / 4)
  expect(times.known).toBeGreaterThan(times.unknown / 4)
})

it('are checked a few at a time; who would wait behind too many is sent away, and room comes back', async () => {
  const passwords = new Passwords({ concurrency: 1, maxWaiting: 3 })
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => passwords.hash(PASSWORD)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'busy' })
  await expect(passwords.hash(PASSWORD)).resolves.toMatch(/^\$argon2id/)
})
