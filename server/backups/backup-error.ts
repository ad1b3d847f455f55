/** Why there is no backup, or why one is not restored, in a sentence for an operator. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
