import type { Role } from './accounts/roles.ts'
import { signUp } from './accounts/sign-up.ts'
import { User } from './accounts/user.ts'
import { Channel } from './channels/channel.ts'
import { editChannel } from './channels/edit-channel.ts'
import type { Context } from './context.ts'
import { makeDemoCourses } from './demo-courses.ts'

const PASSWORD = 'demo-password'

const people: { email: string; firstName: string; lastName: string; role: Role }[] = [
  { email: 'admin@ustat.local', firstName: 'Алия', lastName: 'Админ', role: 'admin' },
  { email: 'producer@ustat.local', firstName: 'Павел', lastName: 'Продюсер', role: 'producer' },
  { email: 'teacher@ustat.local', firstName: 'Марат', lastName: 'Устаз', role: 'teacher' },
  { email: 'student@ustat.local', firstName: 'София', lastName: 'Ученик', role: 'student' },
]

/** Accounts, a channel and courses to try the platform with, made as everybody's are; only on a database that has no account. */
export async function makeDemo(context: Context): Promise<void> {
  const { passwords, streamKeys } = context
  const em = context.orm.em.fork()
  if ((await em.count(User)) > 0) return
  for (const person of people) {
    const user = await signUp(em.fork(), { ...person, password: PASSWORD, phone: null }, { passwords, streamKeys })
    if (user) await em.nativeUpdate(User, { id: user.id }, { isVerified: true })
  }
  const channel = await em.findOneOrFail(Channel, { owner: { email: 'teacher@ustat.local' } })
  await editChannel(em, channel, {
    slug: 'demo',
    title: 'Демо-канал',
    description:
      'Запустите `npm run dev:publish` или OBS, и здесь начнётся урок.\nRun `npm run dev:publish` or OBS, and a lesson starts here.',
  })
  await makeDemoCourses(context)
}
