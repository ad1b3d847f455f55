import { readFragments } from './fmp4.ts'
import type { ParsedInit } from './fmp4-init.ts'
import { type CutEvent, type SegmenterOptions, segment } from './segmenter.ts'

export interface OutputOptions extends Omit<SegmenterOptions, 'init' | 'mayDecideCuts'> {
  mayDecideCuts(init: ParsedInit): boolean
  signal: AbortSignal
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
  { signal, mayDecideCuts, ...options }: OutputOptions,
): AsyncGenerator<CutEvent | ParsedInit> {
  const iterator = bytes[Symbol.asyncIterator]()
  const failure: { error: unknown }[] = []
  const fragments = quietly(readFragments(untilAborted(iterator, signal)), failure)
  const first = await fragments.next()
  if (!first.done && first.value.kind === 'init') {
    const init = first.value
    yield init
    yield* segment(onlyFragments(fragments), { ...options, init, mayDecideCuts: mayDecideCuts(init) })
  }
  await drain(iterator, signal)
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
async function* untilAborted(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await nextOrAbort(iterator, signal)
    if (next.done) return
    yield next.value
  }
}

async function drain(iterator: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<void> {
  // An output that breaks off is at its end: what it said before has been packaged.
  for (let isDone = false; !isDone; )
    isDone = await nextOrAbort(iterator, signal).then(
      ({ done }) => done === true,
      () => true,
    )
}

/** Not Promise.race: a signal that lives for hours would keep a reaction for every chunk. */
function nextOrAbort(
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array, undefined>> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve({ done: true, value: undefined })
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    const settled = () => signal.removeEventListener('abort', abort)
    iterator.next().then(
      (next) => {
        settled()
        resolve(next)
      },
      (error: unknown) => {
        settled()
        reject(error)
      },
    )
  })
}
