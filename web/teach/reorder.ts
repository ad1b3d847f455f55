/** A list with one of its members brought to another place. Pure. */
export function moved<Item>(list: readonly Item[], from: number, to: number): Item[] {
  const item = list[from]
  if (item === undefined) return [...list]
  const rest = list.toSpliced(from, 1)
  return rest.toSpliced(Math.max(0, Math.min(rest.length, to)), 0, item)
}

export interface Place {
  module: number
  at: number
}
interface Row {
  id: number
  lessons: readonly { id: number }[]
}

/** One step up or down; past the end of a module is the beginning of the next. Null where there is nowhere to go. */
export function stepOf(modules: readonly Row[], lesson: number, step: -1 | 1): Place | null {
  const index = modules.findIndex(({ lessons }) => lessons.some(({ id }) => id === lesson))
  const module = modules[index]
  if (!module) return null
  const at = module.lessons.findIndex(({ id }) => id === lesson) + step
  if (at >= 0 && at < module.lessons.length) return { module: module.id, at }
  const next = modules[index + step]
  return next ? { module: next.id, at: step > 0 ? 0 : next.lessons.length } : null
}

/** The ids of a module's lessons once a lesson, its own or another's, stands at `at`. */
export function orderWith(module: Row, lesson: number, at: number): number[] {
  const ids = module.lessons.map(({ id }) => id)
  const from = ids.indexOf(lesson)
  return from < 0 ? ids.toSpliced(Math.max(0, Math.min(ids.length, at)), 0, lesson) : moved(ids, from, at)
}
