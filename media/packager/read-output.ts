import { readFragments } from './fmp4.ts'
import type { ParsedInit } from './fmp4-init.ts'
import { type CutEvent, type SegmenterOptions, segment } from './segmenter.ts'

export interface OutputOptions extends Omit<SegmenterOptions, 'init' | 'mayDecideCuts'> {
  mayDecideCuts(init: ParsedInit): boolean
}

/**
 * One output of ffmpeg, from bytes to cuts, the init segment first.
 *
 * Whatever goes wrong, the output is read to its end: ffmpeg writes all of them in turn, so one that is full blocks
 * the others. The open segment is closed as it is before an error is thrown.
 *
 * @throws {Fmp4Error}
 */
export async function* readOutput(
  bytes: AsyncIterable<Uint8Array>,
  { mayDecideCuts, ...options }: OutputOptions,
): AsyncGenerator<CutEvent | ParsedInit> {
  const iterator = bytes[Symbol.asyncIterator]()
  const failure: { error: unknown }[] = []
  const fragments = quietly(readFragments(leftOpen(iterator)), failure)
  const first = await fragments.next()
  if (!first.done && first.value.kind === 'init') {
    const init = first.value
    yield init
    yield* segment(onlyFragments(fragments), { ...options, init, mayDecideCuts: mayDecideCuts(init) })
  }
  await drain(iterator)
  if (failure[0]) throw failure[0].error
}

/** Ends instead of throwing, and keeps the error for later: what came before it is whole. */
async function* quietly<T>(items: AsyncIterable<T>, failure: { error: unknown }[]): AsyncGenerator<T, undefined> {
  try {
    yield* items
  } catch (error) {
    failure.push({ error })
  }
}

async function* onlyFragments<T extends { kind: string }>(items: AsyncIterable<T>) {
  for await (const item of items) if (item.kind === 'fragment') yield item as Extract<T, { kind: 'fragment' }>
}

/** Does not close the iterator when its own reader stops. */
async function* leftOpen(iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
}

async function drain(iterator: AsyncIterator<Uint8Array>): Promise<void> {
  // An output that breaks off is at its end: what it said before has been packaged.
  for (let isDone = false; !isDone; )
    isDone = await iterator.next().then(
      ({ done }) => done === true,
      () => true,
    )
}
