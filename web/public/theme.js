// Runs before the first paint, so that a chosen theme does not flash. A file, not inline: the policy allows no inline scripts.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem('theme')
  } catch {
    // Storage is refused: the system's theme it is.
  }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('wa-dark', dark)
})()
