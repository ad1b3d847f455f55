import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/services.ts'],
    // Real ffmpeg, PostgreSQL and Chromium on two busy cores: a limit is there to end what hangs, not to measure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    // Each file may run several ffmpeg processes of its own; a third file would take the time that the two in Chromium need.
    maxWorkers: 2,
  },
})
