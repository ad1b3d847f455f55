import type WaToast from '@awesome.me/webawesome/dist/components/toast/toast.js'

let stack: Promise<WaToast> | null = null

/** A passing word at the edge of the screen, read out by screen readers. Its code is loaded with the first one. */
export async function toast(message: string, variant: 'success' | 'danger' = 'success'): Promise<void> {
  stack ??= makeStack()
  const shown = await stack
  await shown.create(message, { variant, duration: 4000, icon: variant === 'success' ? 'circle-check' : 'alert' })
}

async function makeStack(): Promise<WaToast> {
  await Promise.all([import('./web-awesome.ts'), import('@awesome.me/webawesome/dist/components/toast/toast.js')])
  const element = document.createElement('wa-toast')
  element.placement = 'bottom-end'
  document.body.append(element)
  return element
}
