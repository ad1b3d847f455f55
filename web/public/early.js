// Runs before everything else, while the page's modules still load. A file, not inline: the policy allows no inline scripts.
;(() => {
  // The chosen theme before the first paint, so that it does not flash.
  let chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch {
    // Storage is refused: the system's theme it is.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('wa-dark', dark)

  // A visitor of a show waits for its first frame: ask for the channel and for the player's code now.
  const [, area, name] = location.pathname.split('/')
  const path = name && { c: `/api/channels/${name}/`, recordings: `/api/recordings/${name}/` }[area]
  if (!path) return
  window.ustatEarly = { path, answer: fetch(path, { headers: { Accept: 'application/json' } }) }
  window.ustatEarly.answer.catch(() => undefined)
  const chunks = document.currentScript.dataset[area === 'c' ? 'channel' : 'recording'] ?? ''
  for (const href of chunks.split(' ').filter(Boolean)) {
    document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href }))
  }
})()
