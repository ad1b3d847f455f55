import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { noticeKinds } from './kinds.ts'

const schema = defineEntity({
  name: 'Notification',
  // The same cause tells a person once, however often the job that says it is run.
  uniques: [{ properties: ['user', 'cause'] }],
  indexes: [
    { properties: ['user', 'createdAt'] },
    { properties: ['createdAt'] },
    {
      name: 'notification_unread',
      expression: `create index "notification_unread" on "notification" ("user_id") where read_at is null`,
    },
  ],
  properties: {
    id: p.integer().primary(),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    kind: p.enum(noticeKinds),
    /** What it came of, as `live:<broadcast>`; every page and device knows the notice by it. */
    cause: p.string().length(64),
    /** What its words are filled with, as `kinds.ts` names it. */
    data: p.json<Record<string, string>>(),
    /** A path of ours. */
    url: p.string().length(255),
    readAt: p.datetime().nullable(),
    createdAt: p.datetime().onCreate(() => new Date()),
  },
})

/** Something that a person is told; its words are made where it is shown, in the language spoken there. Kept 90 days. */
export class Notification extends schema.class {}
schema.setClass(Notification)
