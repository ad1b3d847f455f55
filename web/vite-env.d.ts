/// <reference types="vite/client" />

// hls.js has no declarations for its light build; what we use of it is the same.
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
