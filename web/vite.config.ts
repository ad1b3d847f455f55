import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

/** `vite build --config web/vite.config.ts`; the pages end up in web/dist, which nginx serves. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [earlyChunks()],
  resolve: {
    alias: [
      {
        // The router reports usage to its vendor in development; this does nothing instead.
        find: /^.*\/vaadin-usage-statistics\.js$/,
        replacement: fileURLToPath(new URL('./no-usage-statistics.ts', import.meta.url)),
      },
    ],
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
})

/** Tells early.js which chunks the pages with a player consist of, so that it can preload them by their hashed names. */
function earlyChunks(): Plugin {
  return {
    name: 'early-chunks',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
        const withImports = (name: string, seen = new Set<string>()): Set<string> => {
          const chunk = chunks.find(({ fileName }) => fileName === name)
          if (!chunk || seen.has(name)) return seen
          seen.add(name)
          for (const imported of chunk.imports) withImports(imported, seen)
          return seen
        }
        const listOf = (page: string): string => {
          const entry = chunks.find(({ name }) => name === page)
          return entry ? [...withImports(entry.fileName)].map((file) => `/${file}`).join(' ') : ''
        }
        return html.replace(
          'src="/early.js"',
          `src="/early.js" data-channel="${listOf('channel-page')}" data-recording="${listOf('recording-page')}"`,
        )
      },
    },
  }
}
