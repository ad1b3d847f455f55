import { LockMode } from '@mikro-orm/core'
import { z } from 'zod'
import { isCommonPassword } from '../accounts/common-passwords.ts'
import { setPassword } from '../accounts/reset-password.ts'
import { type Role, roles } from '../accounts/roles.ts'
import { signUp } from '../accounts/sign-up.ts'
import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { writeAudit } from './audit-log.ts'
import { editUser } from './edit-user.ts'
import { findUsers } from './find-users.ts'
import { reconcileCounters } from './reconcile-counters.job.ts'
import { type SettingName, settingsSchema } from './settings.ts'

export const usage = `npm run admin -- <command>
  create-admin <email> [--first-name Name] [--last-name Name]   a new account; its password is asked for, or read from stdin
  set-password <email>                                          likewise; ends every sign-in of the account
  set-role <email> <${roles.join('|')}>
  list-users [words of name or address] [--role ${roles.join('|')}]
  settings [get [name] | set <name> <value as JSON>]
  reconcile                                                     counts every counter anew
`

/** What the operator did wrong, in a sentence. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export interface Surroundings {
  context: Context
  options: { 'first-name'?: string; 'last-name'?: string; role?: string }
  print(line: string): void
  readPassword(): Promise<string>
}

type Command = (words: string[], surroundings: Surroundings) => Promise<void>

const SHOWN_USERS = 200
/** Nobody of ours is signed in here. */
const operator = { actor: null, address: 'command line' }

export const commands: Record<string, Command> = {
  async 'create-admin'([email], { context, options, print, readPassword }) {
    const address = emailFrom(email)
    const em = context.orm.em.fork()
    if (await em.findOne(User, { email: address })) {
      throw new CommandError(`There is an account of ${address} already: use set-role.`)
    }
    const account = {
      email: address,
      password: passwordFrom(await readPassword()),
      firstName: nameFrom(options['first-name'] ?? 'Admin'),
      lastName: nameFrom(options['last-name'] ?? 'Ustat'),
      phone: null,
      role: 'admin' as const,
    }
    const user = await signUp(em, account, context, async (tx, created) => {
      // Whoever runs this command vouches for the address.
      created.isVerified = true
      const details = { role: [null, 'admin'] }
      writeAudit(tx, { ...operator, action: 'user.create', object: `user:${created.id}`, details })
      await tx.flush()
    })
    if (!user) throw new CommandError(`There is an account of ${address} already: use set-role.`)
    print(`${address} is an administrator.`)
  },

  async 'set-password'([email], { context, print, readPassword }) {
    const em = context.orm.em.fork()
    const { id } = await requireByEmail(em, email)
    const passwordHash = await context.passwords.hash(passwordFrom(await readPassword()))
    const tell = await em.transactional(async (tx) => {
      const user = await tx.findOneOrFail(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
      writeAudit(tx, { ...operator, action: 'user.password', object: `user:${id}` })
      return setPassword(tx, user, passwordHash, context.queue)
    })
    await tell(context)
    print(`The password of ${email} is changed; every sign-in has ended.`)
  },

  async 'set-role'([email, role], { context, print }) {
    const { id } = await requireByEmail(context.orm.em.fork(), email)
    const wanted = roleFrom(role)
    await editUser(context.orm.em.fork(), id, { role: wanted }, operator, context)
    await context.catalogCache.bump()
    print(`${email} is ${wanted}.`)
  },

  async 'list-users'(words, { context, options, print }) {
    const filter = {
      search: words.join(' '),
      role: options.role === undefined ? undefined : roleFrom(options.role),
      isDeleted: false,
      ordering: 'created_at',
    }
    const [users, count] = await findUsers(context.orm.em.fork(), filter, SHOWN_USERS, 0)
    for (const { id, email, role, firstName, lastName, isActive, isVerified } of users) {
      const flags = [isVerified ? '' : 'address not confirmed', isActive ? '' : 'closed'].filter(Boolean).join(', ')
      print(
        `${String(id).padStart(6)}  ${role.padEnd(8)}  ${email}  ${firstName} ${lastName}${flags && `  (${flags})`}`,
      )
    }
    if (count > users.length) print(`… and ${count - users.length} more; say part of a name.`)
  },

  async settings([verb = 'get', name, json], { context, print }) {
    const { settings } = context
    if (verb === 'set') {
      const known = settingFrom(name)
      const value = settingsSchema.shape[known].safeParse(valueFrom(json))
      if (!value.success)
        throw new CommandError(`${known}: ${value.error.issues.map(({ message }) => message).join(' ')}`)
      await settings.change(context.orm.em.fork(), { [known]: value.data }, operator)
    } else if (verb !== 'get') throw new CommandError('Say `settings get` or `settings set`.')
    const shown = name === undefined ? (Object.keys(settings.all()) as SettingName[]) : [settingFrom(name)]
    for (const each of shown) print(`${each} = ${JSON.stringify(settings.get(each))}`)
  },

  async reconcile(_words, { context, print }) {
    const drifts = await reconcileCounters(context)
    for (const { counter, id, stored, counted } of drifts) print(`${counter} of ${id}: ${stored} → ${counted}`)
    print(drifts.length === 0 ? 'Every counter is right.' : `${drifts.length} put right.`)
  },
}

async function requireByEmail(em: EntityManager, email: string | undefined): Promise<User> {
  const user = await em.findOne(User, { email: emailFrom(email), deletedAt: null })
  if (!user) throw new DomainError('user_not_found')
  return user
}

function emailFrom(text: string | undefined): string {
  const email = z.string().trim().toLowerCase().max(254).pipe(z.email()).safeParse(text)
  if (!email.success) throw new CommandError('Say the address of the account.')
  return email.data
}

function nameFrom(text: string): string {
  if (!/^\P{C}{1,50}$/u.test(text.trim())) throw new CommandError('A name has 1 to 50 characters.')
  return text.trim()
}

function passwordFrom(text: string): string {
  if (text.length < 10 || text.length > 200) throw new CommandError('A password has 10 to 200 characters.')
  if (isCommonPassword(text)) throw new CommandError('This password is one of the first that anybody would guess.')
  return text
}

function roleFrom(text: string | undefined): Role {
  const role = roles.find((known) => known === text)
  if (!role) throw new CommandError(`Say a role: ${roles.join(', ')}.`)
  return role
}

function settingFrom(text: string | undefined): SettingName {
  if (text !== undefined && Object.hasOwn(settingsSchema.shape, text)) return text as SettingName
  throw new CommandError(`Say a setting: ${Object.keys(settingsSchema.shape).join(', ')}.`)
}

/** A bare word is a text: the quotes of JSON are tedious in a shell. */
function valueFrom(text: string | undefined): unknown {
  if (text === undefined) throw new CommandError('Say the value, as JSON.')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
