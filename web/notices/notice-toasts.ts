import './notice-toasts.css'
import type WaToast from '@awesome.me/webawesome/dist/components/toast/toast.js'
import type { IconName } from '../ui/icons.ts'
import { playSound } from './sound.ts'

export interface ToastNotice {
  title: string
  body: string
  icon: IconName
  /** A path of ours; nothing happens without one. */
  url?: string
  seconds: number
}

/** More at once nobody reads. */
const MOST = 4

let stack: Promise<WaToast> | null = null

/**
 * Shows a notice at the top right for some seconds, longer while the pointer or the focus is on it. Screen readers hear it
 * when they have finished what they are saying; Escape and its button close it. Its code is loaded with the first one.
 */
export async function showNotice({ title, body, icon, url, seconds }: ToastNotice): Promise<void> {
  playSound()
  stack ??= makeStack()
  const shown = await stack
  const item = document.createElement('wa-toast-item')
  item.className = 'notice'
  item.variant = 'brand'
  item.duration = seconds * 1000
  const sign = Object.assign(document.createElement('wa-icon'), { slot: 'icon', name: icon })
  const words = document.createElement(url ? 'a' : 'div')
  words.className = 'notice-words'
  if (words instanceof HTMLAnchorElement && url) words.href = url
  const strong = document.createElement('strong')
  strong.textContent = title
  words.append(strong, ...(body ? [Object.assign(document.createElement('span'), { textContent: body })] : []))
  words.addEventListener('click', () => void item.hide())
  item.append(sign, words)
  item.addEventListener('wa-hide', () => item.classList.add('leaving'))
  shown.prepend(item)
  for (const old of [...shown.querySelectorAll('wa-toast-item')].slice(MOST)) void old.hide()
}

async function makeStack(): Promise<WaToast> {
  await Promise.all([
    import('../ui/web-awesome.ts'),
    import('@awesome.me/webawesome/dist/components/toast/toast.js'),
    import('@awesome.me/webawesome/dist/components/icon/icon.js'),
  ])
  const element = document.createElement('wa-toast')
  element.className = 'notices'
  element.placement = 'top-end'
  document.body.append(element)
  return element
}
