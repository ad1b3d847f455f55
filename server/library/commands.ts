import { tariffs, tariffsCheckedOn } from '../../config/storage-tariffs.ts'
import { costOf, usageOf } from './cost.ts'
import { download } from './download.ts'
import { fillMissing } from './fill-missing.ts'
import { LibraryError } from './library-error.ts'
import { folderPrefix } from './library-path.ts'
import { lockLibrary } from './lock.ts'
import { migrateObjects } from './migrate-objects.ts'
import { prune } from './prune.ts'
import { publicAddress, signedAddress } from './signed-address.ts'
import { statusOf } from './status.ts'
import type { CommandOptions, Surroundings } from './surroundings.ts'
import { type UploadReport, upload } from './upload.ts'
import { validate } from './validate.ts'
import { watch } from './watch.ts'
import { count, list, percent, size, statusTable, table, troubles } from './words.ts'

export const usage = `npm run library -- <command>
  upload <folder> [--prefix photos/quotes] [--concurrency 10] [--dry-run]   what is new or changed; run again it goes on
  status [--prefix …] [--depth 2]                    the folders of the library: files, size, how much the store has
  watch [--prefix …]                                 the same while it changes, until everything is there or Ctrl-C
  validate [--deep] [--prefix …]                     every object against the manifest; --deep reads them all
  fill-missing <folder> [--deep] [--prefix …] [--dry-run]   what the store lacks or has wrong, from its folder
  download <folder> [--prefix …] [--concurrency 10]  the library into a folder
  migrate --from disk|s3 --to s3|disk                every object of the platform, while it runs
  prune [<folder>] [--prefix …] [--dry-run]          deletes what no file is in; with a folder, first what it lost
  cost [--reads 100000] [--egress-gb 500]            what stores would ask a month
  cors [--origin https://example.org]…               lets pages of these origins (else PUBLIC_URL) read the bucket
  url <path or key> [--public]                       an address for an hour; --public copies it to one that stays
Each ends with 0 when everything is there, else with 1. --patience 120: seconds of trouble before the store is given up.
`

/** @returns whether everything is as it should be */
type Command = (words: string[], options: CommandOptions, surroundings: Surroundings) => Promise<boolean>

const GB = 1e9

export const commands: Record<string, Command> = {
  async upload([folder], options, { library, databaseUrl, print, progress, signal }) {
    await using _lock = await lockLibrary(databaseUrl, 'shared')
    using bar = progress('sending')
    const report = await upload(library, requireFolder(folder), { ...options, progress: bar, signal })
    bar[Symbol.dispose]()
    print(uploadWords(report, options.isDryRun))
    return options.isDryRun || report.failed.length === 0
  },

  async status(_words, { prefix, depth }, { library, print }) {
    const status = statusOf(await library.manifest.rows(folderPrefix(prefix)), depth)
    print(statusTable(status))
    return status.total.stored === status.total.files
  },

  watch: (_words, { prefix }, { library, screen, signal }) => watch(library, prefix, screen, signal),

  async validate(_words, options, { library, print, progress, signal }) {
    using bar = progress('reading')
    const report = await validate(library, { ...options, progress: bar, signal })
    bar[Symbol.dispose]()
    const { files, right, objects, unsent, missing, wrongSize, wrongContent, extra } = report
    print([
      ...list('Not sent yet', unsent),
      ...list('The store has lost', missing),
      ...list('Of another size in the store', wrongSize),
      ...list('Of another content in the store', wrongContent),
      ...list('In the store, but of no file of the library (`prune` deletes them)', extra),
      `${percent(right, files)}: ${count(right)} of ${count(files)} files are right, in ${count(objects)} objects` +
        `${options.isDeep ? ', each read whole' : '; --deep would read each'}.`,
    ])
    return right === files && extra.length === 0
  },

  async 'fill-missing'([folder], options, { library, databaseUrl, print, progress, signal }) {
    await using _lock = await lockLibrary(databaseUrl, options.isDryRun ? 'shared' : 'alone')
    using bar = progress('filling')
    const report = await fillMissing(library, requireFolder(folder), { ...options, progress: bar, signal })
    bar[Symbol.dispose]()
    print([`${count(report.lost)} objects were missing or wrong.`, ...uploadWords(report, options.isDryRun)])
    const rows = await library.manifest.rows(folderPrefix(options.prefix))
    const absent = rows.filter(({ key }) => key === null).map(({ path }) => path)
    print(list('Still missing', absent))
    return report.failed.length === 0 && absent.length === 0
  },

  async download([folder], options, { library, print, progress, signal }) {
    using bar = progress('fetching')
    const report = await download(library, requireFolder(folder), { ...options, progress: bar, signal })
    bar[Symbol.dispose]()
    const { files, fetched, unchanged, failed } = report
    print([
      ...troubles('Not fetched', failed),
      `${count(fetched + unchanged)} of ${count(files)} files are there: ${count(fetched)} fetched, ${count(unchanged)} were.`,
    ])
    return failed.length === 0
  },

  async migrate(_words, options, { library, config, databaseUrl, openStore, print, progress, signal }) {
    const { from, to } = options
    const [source, target] = [from && config.stores[from], to && config.stores[to]]
    if (!from || !to || from === to) throw new LibraryError('Say --from disk --to s3, or the other way round.')
    if (!source || !target) throw new LibraryError('Set S3_BUCKET and what belongs to it: see config/example.env.')
    if (config.store.kind !== to || config.storeBefore?.kind !== from) {
      throw new LibraryError(
        `First set STORE=${to} and STORE_BEFORE=${from} and restart: then new things go to ${to}, and what is not there yet is read from ${from}.`,
      )
    }
    await using _lock = await lockLibrary(databaseUrl, 'alone')
    using bar = progress('copying')
    const [old, next] = [openStore(source), openStore(target)]
    const report = await migrateObjects(old, next, library.patience, { ...options, progress: bar, signal })
    bar[Symbol.dispose]()
    const { objects, bytes, copied, unchanged, gone, broken } = report
    print([
      ...list('Broken in the old store, and left there', broken),
      `${count(objects)} objects of ${size(bytes)}: ${count(copied)} copied, ${count(unchanged)} were there, ${count(gone)} deleted meanwhile.`,
      broken.length === 0
        ? `All is in ${to}: take STORE_BEFORE away and restart. ${from} still has its copy.`
        : 'Not all.',
    ])
    return broken.length === 0
  },

  async prune([folder], { prefix, isDryRun }, { library, databaseUrl, print }) {
    await using _lock = await lockLibrary(databaseUrl, 'alone')
    const { gone, objects, bytes, unfinished } = await prune(library, { folder: folder ?? null, prefix, isDryRun })
    const verb = isDryRun ? 'would be deleted' : 'deleted'
    print([
      ...list(isDryRun ? 'Would leave the library' : 'Left the library', gone),
      `${count(objects)} objects of ${size(bytes)} ${verb}; ${count(unfinished)} broken uploads given up.`,
    ])
    return true
  },

  async cost(_words, { reads, egressGb }, { library, print }) {
    const rows = await library.manifest.rows('')
    const usage = usageOf(rows, { reads, egressBytes: egressGb === undefined ? undefined : egressGb * GB })
    const dollars = (amount: number) => `$${amount.toFixed(2)}`
    print([
      `${size(usage.storedBytes)} in ${count(usage.objects)} objects; a month: ${count(usage.reads)} reads, ${size(usage.egressBytes)} out.`,
      ...table([
        ['A month', 'Storage', 'Reads', 'Traffic', 'Sum', 'Putting it there, once', 'Prices of'],
        ...costOf(usage, tariffs).map(({ name, asOf, storage, reads, egress, monthly, once }) => [
          name,
          ...[storage, reads, egress, monthly, once].map(dollars),
          asOf,
        ]),
      ]),
      `Prices are those of config/storage-tariffs.ts, last checked on ${tariffsCheckedOn}: look at the store’s own list before you rely on them.`,
    ])
    return true
  },

  async cors(_words, { origins }, { library, config, print }) {
    const allowed = origins.length > 0 ? origins : [new URL(config.publicUrl).origin]
    await library.store.allowOrigins(allowed)
    print([`Pages of ${allowed.join(', ')} may read objects by their URLs.`])
    return true
  },

  async url([what = ''], { isPublic }, { library, config, print }) {
    const row = await library.manifest.find(what)
    const key = row ? row.key : /^[\w-][\w./-]*$/.test(what) && (await library.store.head(what)) ? what : null
    if (key === null) throw new LibraryError(row ? 'The store does not have it yet.' : 'The library has no such file.')
    print([await (isPublic ? publicAddress : signedAddress)(library.store, config, key)])
    return true
  },
}

function requireFolder(folder: string | undefined): string {
  if (folder === undefined || folder === '') throw new LibraryError('Say a folder.')
  return folder
}

function uploadWords(report: UploadReport, isDryRun: boolean): string[] {
  const { files, bytes, sent, sentBytes, linked, unchanged, due, dueBytes, failed } = report
  return [
    ...list(
      'Names that some disks take for one; all are kept',
      report.alike.map(([first, second]) => `${first} and ${second}`),
    ),
    ...troubles('Left out', report.skipped),
    ...troubles('Failed', failed),
    isDryRun
      ? `${count(files)} files of ${size(bytes)}: ${count(due)} of ${size(dueBytes)} would be read and sent, ${count(unchanged)} are unchanged.`
      : `${count(files)} files of ${size(bytes)}: ${count(sent)} sent (${size(sentBytes)}), ${count(linked)} of a content that was there, ${count(unchanged)} unchanged, ${count(failed.length)} failed.`,
  ]
}
