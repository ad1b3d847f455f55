// Shows what is pushed to this browser while none of our pages is before somebody's eyes. It answers no requests and keeps
// nothing: pages and shows always come from the server.

// Safari takes pushes away from who is told three times without seeing anything; the others make an exception for open pages.
const mustShow = /AppleWebKit/.test(navigator.userAgent) && !/Chrom(?:e|ium)\//.test(navigator.userAgent)

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => {
  let notice = null
  try {
    notice = event.data?.json() ?? null
  } catch {
    // Not one of ours.
  }
  if (typeof notice?.title === 'string') event.waitUntil(show(notice))
})

async function show(notice) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const seen = pages.filter((page) => page.visibilityState === 'visible')
  // It says it there, unless its own connection already has.
  for (const page of seen) page.postMessage({ type: 'notice', notice })
  if (seen.length > 0 && !mustShow) return
  await self.registration.showNotification(notice.title, {
    body: notice.body,
    lang: notice.lang,
    // The same one again takes the first one's place, without a sound.
    tag: notice.id,
    icon: '/notice.png',
    badge: '/notice-badge.png',
    data: { url: notice.url },
  })
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const url = new URL(event.notification.data?.url ?? '/', self.location.origin)
  if (url.origin === self.location.origin) event.waitUntil(open(url))
})

/** The page that shows it already, else a new one. */
async function open(url) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const page = pages.find((each) => new URL(each.url).pathname === url.pathname)
  if (page) return page.focus()
  return self.clients.openWindow(url.href)
}
