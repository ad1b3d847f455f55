/** Videos of other sites that may be shown in a page of ours; `nginx/page-headers.conf` names the same sites. Pure. */
export interface Embed {
  site: string
  src: string
  origin: string
  /** What the frame is to be sent once it is there, so that it says where it is. */
  hello: object | null
}

/** @returns null of what can only be linked */
export function embedOf(address: string): Embed | null {
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol)) return null
  const host = url.hostname.replace(/^(www|m)\./, '')
  const [first = '', second = '', third = ''] = url.pathname.split('/').filter(Boolean)
  if (host === 'youtube.com' || host === 'youtu.be' || host === 'youtube-nocookie.com') {
    const id = host === 'youtu.be' ? first : first === 'watch' ? url.searchParams.get('v') : second
    if (!id || !/^[\w-]{11}$/.test(id)) return null
    const origin = 'https://www.youtube-nocookie.com'
    const hello = { event: 'listening', id: 1, channel: 'widget' }
    return { site: 'YouTube', src: `${origin}/embed/${id}?enablejsapi=1&rel=0&autoplay=1`, origin, hello }
  }
  if (host === 'vimeo.com' || host === 'player.vimeo.com') {
    const id = host === 'vimeo.com' ? first : second
    if (!/^\d{1,15}$/.test(id)) return null
    const origin = 'https://player.vimeo.com'
    const hello = { method: 'addEventListener', value: 'timeupdate' }
    return { site: 'Vimeo', src: `${origin}/video/${id}?dnt=1&autoplay=1`, origin, hello }
  }
  if (host === 'rutube.ru') {
    const id = first === 'video' ? second : third
    if (!/^[0-9a-f]{32}$/.test(id)) return null
    return { site: 'Rutube', src: `https://rutube.ru/play/embed/${id}`, origin: 'https://rutube.ru', hello: null }
  }
  return null
}

/** Where a frame says that its video is, in seconds; null of every other message. */
export function positionIn(message: unknown): number | null {
  const said = field(typeof message === 'string' ? parse(message) : message)
  const info = field(said.info)
  const data = field(said.data)
  const position =
    said.event === 'infoDelivery'
      ? info.currentTime
      : said.event === 'timeupdate'
        ? data.seconds
        : said.type === 'player:currentTime'
          ? data.time
          : null
  return typeof position === 'number' && Number.isFinite(position) && position >= 0 ? position : null
}

function field(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
