/**
 * Asks before something that cannot be taken back; the dialog's code is loaded with the first question.
 *
 * @returns whether it is wanted
 */
export async function askFirst(question: { heading: string; text: string; action: string }): Promise<boolean> {
  await import('../ui/confirm-dialog.ts')
  const dialog = document.createElement('confirm-dialog')
  dialog.heading = question.heading
  dialog.action = question.action
  dialog.textContent = question.text
  document.body.append(dialog)
  await dialog.updateComplete
  const isWanted = await dialog.ask()
  // Its closing is still to be seen.
  setTimeout(() => dialog.remove(), 500)
  return isWanted
}
