/** Where to go after signing in: a path of this site only, so that a link cannot send anybody elsewhere. */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/'
  return /^\/(?![/\\])/.test(next) ? next : '/'
}
