import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readJournal } from '../../../media/archive/journal.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { aClip, archiveClip, openArchiver } from './show.ts'

/**
 * Child process of recovery.test.ts: `archiving-child.ts <folder> <grant> <seconds>`. Archives a clip again and again,
 * each time as a new run. As in life it waits between two segments, here until the last one has its line in the
 * journal, and then says its number; until it is killed.
 */
const [folder = '', grant = '', seconds = ''] = process.argv.slice(2)

const archiver = await openArchiver({
  directory: folder,
  store: new DiskStore(`${folder}/store`),
  grant: JSON.parse(grant),
})
const journal = join(folder, 'spool', archiver.grant.broadcast, 'journal')
const clip = await aClip(Number(seconds))
const kept: { rendition: string; msn: number }[] = []
for (let shift = 0; ; shift = kept.length / 2) {
  await archiveClip(
    {
      init: (rendition, index, init) => shift === 0 && archiver.init(rendition, index, init),
      segment(rendition, segment) {
        const msn = shift + segment.msn
        const programDateTimeMs = segment.programDateTimeMs + 4000 * shift
        archiver.segment(rendition, { ...segment, msn, programDateTimeMs, isDiscontinuous: segment.msn === 0 })
        kept.push({ rendition, msn })
      },
    },
    clip,
  )
  for (;;) {
    const { facts } = await readJournal(journal)
    if (facts.filter(({ fact }) => fact === 'segment').length === kept.length) break
    await delay(1)
  }
  process.send?.(kept.length / 2)
}
