import pg from 'pg'
import { createClient } from 'redis'
import { expect, inject, it } from 'vitest'

it('gives every test file a PostgreSQL 18 in which it may create databases', async () => {
  const client = new pg.Client({ connectionString: inject('databaseUrl') })
  await client.connect()
  const { rows } = await client.query('select rolcreatedb, version() from pg_roles where rolname = current_user')
  await client.end()
  expect(rows[0]).toMatchObject({ rolcreatedb: true, version: expect.stringContaining('PostgreSQL 18') })
})

it('gives every test file a Redis', async () => {
  const client = createClient({ url: inject('redisUrl') })
  await client.connect()
  expect(await client.ping()).toBe('PONG')
  client.destroy()
})
