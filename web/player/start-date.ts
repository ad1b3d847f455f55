/** Safari's own player knows the wall-clock time of position 0. */
export function startDateMs(video: HTMLVideoElement & { getStartDate?: () => Date }): number | null {
  const start = video.getStartDate?.().getTime()
  return start === undefined || Number.isNaN(start) ? null : start + video.currentTime * 1000
}
