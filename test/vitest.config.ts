import { defineConfig } from 'vitest/config'
import { Spread } from './support/spread.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/services.ts'],
    // Real ffmpeg, PostgreSQL and Chromium on two busy cores: a limit is there to end what hangs, not to measure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    // Browsers, shows and killed processes on two cores with three workers: a test that fails once is asked again, and the
    // report says so. What is wrong fails twice.
    retry: 1,
    pool: 'forks',
    // What the server is made of is loaded once a worker and stays warm: a third less to do. A file leaves nothing behind.
    isolate: false,
    maxWorkers: 3,
    sequence: { sequencer: Spread },
  },
})
