import { msg } from '@lit/localize'
import type { Commands, PreventResult } from '@vaadin/router'

const holders = new Set<object>()

/** Says that a part of the page has changes that are nowhere else yet; leaving the page then asks first. */
export function markUnsaved(holder: object, isUnsaved: boolean): void {
  if (isUnsaved) holders.add(holder)
  else holders.delete(holder)
  if (holders.size > 0) window.addEventListener('beforeunload', warn)
  else window.removeEventListener('beforeunload', warn)
}

/** True when nothing is lost, or somebody wants it lost. */
export async function mayDiscard(holder?: object): Promise<boolean> {
  if (holder ? !holders.has(holder) : holders.size === 0) return true
  await import('./confirm-dialog.ts')
  const dialog = document.createElement('confirm-dialog')
  dialog.heading = msg('Leave without saving?')
  dialog.action = msg('Discard the changes')
  const words = document.createElement('p')
  words.textContent = msg('What you changed here is not saved yet.')
  dialog.append(words)
  document.body.append(dialog)
  const isWanted = await dialog.ask()
  dialog.remove()
  return isWanted
}

/** For the router, of a page with something to edit on it. */
export async function beforeLeave(commands: Commands): Promise<PreventResult | undefined> {
  if (await mayDiscard()) {
    for (const holder of holders) markUnsaved(holder, false)
    return undefined
  }
  return commands.prevent()
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
