import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

/**
 * `npm run library -- <command>`. Compiled code is kept, in a folder that whoever installed the packages owns: a command
 * that finds nothing to do should not take its time for that.
 */
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/library'))
await import('./run-command.ts')
