/** What the playlists of one rendition have said of its parts, in the order in which they came. */
export class LiveEdge {
  /** `<msn>.<part>` */
  readonly names: string[] = []
  /** When each was first read of. */
  readonly announcedAt: number[] = []
  /** Wall clock at which the last frame of each ends, by PROGRAM-DATE-TIME; milliseconds since 1970. */
  readonly endsAtMs: number[] = []
  readonly durations: number[] = []
  /** Query that waits for the part after the newest. */
  directives = ''
  readonly #known = new Set<string>()

  /** @param at when its first byte came */
  read(playlist: string, at: number): void {
    let dateMs = 0
    for (const line of playlist.split('\n')) {
      if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) dateMs = Date.parse(line.slice(25))
      const part = /^#EXT-X-PART:DURATION=([\d.]+),URI="(\d+\.\d+)\.m4s/.exec(line)
      if (part?.[1] && part[2]) {
        dateMs += Number(part[1]) * 1000
        if (!this.#known.has(part[2])) {
          this.#known.add(part[2])
          this.names.push(part[2])
          this.announcedAt.push(at)
          this.endsAtMs.push(dateMs)
          this.durations.push(Number(part[1]))
        }
      }
      const complete = /^(\d+)\.m4s/.exec(line)
      // As hls.js asks: it pays no attention to EXT-X-PRELOAD-HINT.
      if (complete) this.directives = `_HLS_msn=${Number(complete[1]) + 1}&_HLS_part=0&_HLS_skip=YES`
      if (part?.[2]) {
        const [msn, index] = part[2].split('.').map(Number)
        this.directives = `_HLS_msn=${msn}&_HLS_part=${(index ?? 0) + 1}&_HLS_skip=YES`
      }
    }
  }
}
