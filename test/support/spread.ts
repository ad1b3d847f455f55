import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What takes longest, as far as its size does not tell: a run without vitest's cache of durations, as on a fresh clone,
 * would begin some of them last, and wait for one while two workers have nothing to do.
 */
const longest = [
  'e2e/failures',
  'e2e/chat-panel',
  'e2e/courses',
  'e2e/exports',
  'e2e/chat-replay',
  'server/http/every-route',
  'server/videos/long',
  'config/local/platform',
  'server/videos/hostile',
  'media/show-life',
  'media/sources',
  'server/library/kills',
  'server/chat/nodes',
  'server/exports/failures',
  'media/ladder/transcoder',
  'server/outages',
  'server/main',
  'media/files/transcode-video',
].map((name) => `/test/${name}.test.ts`)

/** Of the others, so many come after the last of those with a browser: those end the run together. */
const LAST_SHARE = 0.2

/**
 * The longest file first, and those with a browser and a published show evenly among the others: they mostly wait for real
 * time to pass, but three at once starve each other.
 */
export class Spread extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b))
    const waiting = sorted.filter(({ moduleId }) => moduleId.includes('/test/e2e/'))
    const working = sorted.filter((file) => !waiting.includes(file))
    const each = Math.ceil((working.length * (1 - LAST_SHARE)) / waiting.length) || 1
    return waiting
      .flatMap((file, index) => [file, ...working.slice(index * each, (index + 1) * each)])
      .concat(working.slice(waiting.length * each))
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = longest.findIndex((name) => moduleId.endsWith(name))
  return rank === -1 ? longest.length : rank
}
