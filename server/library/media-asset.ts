import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'MediaAsset',
  indexes: [{ properties: ['owner', 'sha256'] }],
  checks: [{ name: 'media_asset_size_positive', expression: 'size_bytes >= 0' }],
  properties: {
    ...base,
    /** Of the object store; made by us, never of a name that somebody typed. */
    key: p.string().length(255).unique(),
    sha256: p.string().length(64),
    sizeBytes: p.bigint('number'),
    mime: p.string().length(100),
    /** What the person called it; for `Content-Disposition` alone. */
    fileName: p.string().length(255).default(''),
    visibility: p.enum(['public', 'private'] as const).default('private'),
    owner: () => p.manyToOne(User).nullable().deleteRule('set null'),
  },
})

/** A file that belongs to a lesson, a submission, a profile or a course. */
export class MediaAsset extends schema.class {}
schema.setClass(MediaAsset)
