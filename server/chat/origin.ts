/** How a page was asked for, as our proxy tells it. */
export interface Asked {
  /** With its port. */
  host: string
  isSecure: boolean
}

/**
 * Whether a page of that origin is one of ours. The browser says so itself and no script can make it lie; who says nothing,
 * or `null`, is none of ours. Compared whole, so that neither `ustat.org.evil.example` nor a path or port more passes.
 */
export function isOurOrigin(
  origin: string,
  { publicUrl, allowedHosts }: { publicUrl: string; allowedHosts: readonly string[] },
  asked: Asked,
): boolean {
  const from = URL.parse(origin)
  if (!from || from.origin !== origin) return false
  const ours = new URL(publicUrl)
  if (origin === ours.origin) return true
  // Under another name of ours, or another address of this machine, as a classroom without DNS has it.
  const isOurScheme = from.protocol === ours.protocol || from.protocol === (asked.isSecure ? 'https:' : 'http:')
  return isOurScheme && [...allowedHosts, asked.host].some((host) => host === from.host || host === from.hostname)
}
