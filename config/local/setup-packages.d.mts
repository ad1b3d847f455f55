/** True when node_modules holds what the lock file says, packages of other systems aside. */
export function packagesAreCurrent(root: string): boolean
