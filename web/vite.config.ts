import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** `vite build --config web/vite.config.ts`; the pages end up in web/dist, which nginx serves. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  resolve: {
    alias: {
      // The router reports usage to its vendor in development; its own opt-out does nothing instead.
      '@vaadin/vaadin-usage-statistics/vaadin-usage-statistics.js': fileURLToPath(
        new URL('../node_modules/@vaadin/vaadin-usage-statistics/vaadin-usage-statistics-optout.js', import.meta.url),
      ),
    },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // Assets as files: an inlined data: script or style would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    // `npm run dev`: pages from here with reload, everything else from the running stack.
    proxy: Object.fromEntries(
      ['/api', '/health', '/live', '/vod', '/ws'].map((path) => [
        path,
        { target: process.env.USTAT_ORIGIN ?? 'http://localhost:8080', ws: path === '/ws' },
      ]),
    ),
  },
})
