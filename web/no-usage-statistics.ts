/** Stands in for the module with which the router reports usage to its vendor. */
export function usageStatistics(): void {}
