import type { HlsConfig, LoadPolicy, RetryConfig } from 'hls.js/light'
import { PatientAbr } from './patient-abr.ts'

/** Asking again cannot help: the token is wrong, expired or revoked. */
export const refusedStatuses: ReadonlySet<number> = new Set([401, 403, 410])

/**
 * For as long as a publisher may be away or a media process may restart, at a pace that a server coming back can bear.
 * hls.js itself gives up on every 4xx; ours also come from a process that has just started and does not know the
 * broadcast yet.
 */
function patient(maxNumRetry: number, retryDelayMs: number, maxRetryDelayMs: number): RetryConfig {
  return {
    maxNumRetry,
    retryDelayMs,
    maxRetryDelayMs,
    backoff: 'linear',
    shouldRetry: (config, retryCount, _isTimeout, response) =>
      !!config && retryCount < config.maxNumRetry && !refusedStatuses.has(response?.code ?? 0),
  }
}

const playlists: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 8000,
    maxLoadTimeMs: 12_000,
    timeoutRetry: patient(40, 0, 0),
    errorRetry: patient(40, 400, 1000),
  },
}

// A part that is gone stays gone: a few tries, then Playback opens anew at the edge.
const media: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 8000,
    maxLoadTimeMs: 60_000,
    timeoutRetry: patient(3, 0, 0),
    errorRetry: patient(6, 300, 1500),
  },
}

/**
 * liveSyncDuration and liveSyncDurationCount are left alone on purpose: setting either replaces PART-HOLD-BACK as the
 * target and costs seconds. Playback keeps to the edge by itself (edge-rate.ts), so hls.js's own catching up is off.
 */
export function hlsConfig(isLive: boolean): Partial<HlsConfig> {
  return {
    lowLatencyMode: isLive,
    ...(isLive ? { abrController: PatientAbr } : {}),
    maxLiveSyncPlaybackRate: 1,
    liveSyncOnStallIncrease: 0,
    liveDurationInfinity: true,
    // fMP4 passes through almost untouched: a worker costs more to start than it saves.
    enableWorker: false,
    backBufferLength: isLive ? 60 : 90,
    maxBufferLength: 30,
    startFragPrefetch: true,
    startLevel: -1,
    testBandwidth: false,
    autoStartLoad: false,
    manifestLoadPolicy: playlists,
    playlistLoadPolicy: playlists,
    fragLoadPolicy: media,
  }
}
