import './web-awesome.css'
import { registerIconLibrary } from '@awesome.me/webawesome/dist/components/icon/library.js'
import { currentLocale } from '../locale.ts'
import { type IconName, iconPaths } from './icons.ts'

/** Names that Web Awesome's own parts ask for, in ours. */
const aliases: Record<string, IconName> = {
  'circle-xmark': 'xmark',
  'circle-info': 'info',
  'circle-exclamation': 'alert',
  'triangle-exclamation': 'alert',
}

// From data: addresses, so that nothing is asked of the icons' CDN.
const resolver = (name: string): string => {
  const path = iconPaths[aliases[name] ?? (name in iconPaths ? (name as IconName) : 'info')]
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="${path}"/></svg>`,
  )}`
}
for (const library of ['default', 'system']) registerIconLibrary(library, { resolver })

// Its own few words ("show password", "close").
if (currentLocale() === 'ru') void import('@awesome.me/webawesome/dist/translations/ru.js')
