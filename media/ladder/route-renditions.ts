import type { Ladder, Rendition } from './ladder.ts'

/**
 * Which output each playlist goes on with. Playlists are fixed when a broadcast goes live; a later ladder may lack some
 * (shed, or a publisher back with a smaller picture) or have others. A playlist keeps the output of its own name, else
 * takes the next lower one, else the lowest there is: a viewer's player was promised no more bandwidth than that.
 */
export function routeRenditions(
  playlists: readonly Pick<Rendition, 'name' | 'height'>[],
  ladder: Ladder,
): ReadonlyMap<string, string> {
  const lowest = ladder.renditions.at(-1)
  if (!lowest) throw new RangeError('a ladder without renditions')
  return new Map(
    playlists.map((playlist) => {
      const output =
        ladder.renditions.find(({ name }) => name === playlist.name) ??
        ladder.renditions.find(({ height }) => (height ?? 0) < (playlist.height ?? 0)) ??
        lowest
      return [playlist.name, output.name]
    }),
  )
}

/** The ladder without outputs that no playlist shows: encoding them would warm the room only. */
export function onlyRouted(ladder: Ladder, routes: ReadonlyMap<string, string>): Ladder {
  const shown = new Set(routes.values())
  return { ...ladder, renditions: ladder.renditions.filter(({ name }) => shown.has(name)) }
}
