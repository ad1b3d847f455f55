import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'LibraryFile',
  indexes: [{ properties: ['sha256'] }],
  checks: [
    { name: 'library_file_size_positive', expression: 'size_bytes >= 0' },
    { name: 'library_file_path_length', expression: 'octet_length(path) >= 1 and octet_length(path) <= 1024' },
    { name: 'library_file_stored_whole', expression: '(key is null) = (sha256 is null)' },
  ],
  properties: {
    ...base,
    /** `videos/reminders/morning.mp4`: what the person's folder calls it, below the prefix. Never part of a key. */
    path: p.text().unique(),
    sizeBytes: p.bigint('number'),
    /** Both null until the store has it. Files of equal content share one object. */
    sha256: p.string().length(64).nullable(),
    key: p.string().length(255).nullable(),
    /** Which state of which file was read: device, inode, size, times. The same again means that nothing has to be read. */
    stamp: p.text().nullable(),
    /** How far a large object came, in the store's own words. */
    unfinished: p.text().nullable(),
    /** Why it is not in the store, in a sentence. */
    problem: p.text().nullable(),
  },
})

/**
 * A line of the media library's manifest.
 *
 * It is in the database because that is the one place which outlives a kill at any instant, which two uploads and a page
 * may use at once, and which the backups take along. It is not needed to trust the store: an object's name is the hash
 * of what is in it, so whatever a killed command did not get to write down is found again under its name.
 */
export class LibraryFile extends schema.class {}
schema.setClass(LibraryFile)
