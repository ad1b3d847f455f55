import { completionRule } from '../progress/completion.ts'
import { presentChat } from '../vod/chat-json.ts'
import type { Audience, Playback } from '../vod/playback.ts'
import type { Lesson } from './lesson.ts'
import type { LessonJson } from './lesson-contract.ts'
import { lessonState } from './outline.ts'

/**
 * A lesson as those see it who may: with what is in it. Its module, broadcast, recording, video and file must be loaded.
 *
 * @param watchedPercent the setting `video_completion_percent`
 * @param mayEdit shows a quiz's answers, which nobody else is ever shown here
 */
export function presentLesson(
  lesson: Lesson,
  {
    mayEdit,
    playback,
    audience,
    watchedPercent,
  }: { mayEdit: boolean; playback: Playback; audience: Audience; watchedPercent: number },
): LessonJson {
  const { module, broadcast, recording, file } = lesson
  return {
    id: lesson.id,
    title: lesson.title,
    content_type: lesson.contentType,
    order: lesson.order,
    duration_minutes: lesson.durationMinutes,
    is_free: lesson.isFree,
    is_published: lesson.isPublished,
    locked: false,
    state: lessonState(broadcast?.status, recording?.status, lesson.video?.status),
    starts_at: broadcast?.startsAt?.toISOString() ?? null,
    module: module.id,
    course: module.course.id,
    content: lesson.content,
    video_url: lesson.videoUrl,
    broadcast: broadcast?.id ?? null,
    recording: recording?.id ?? null,
    video: lesson.video?.id ?? null,
    ...urls(lesson, playback, audience),
    file: file
      ? {
          id: file.id,
          file_name: file.fileName,
          mime: file.mime,
          size_bytes: Number(file.sizeBytes),
          url: `/api/lessons/${lesson.id}/file/`,
        }
      : null,
    quiz: mayEdit ? (lesson.quiz ?? null) : null,
    assignment: lesson.assignment ?? null,
    completion_rule: completionRule(lesson, watchedPercent),
    created_at: lesson.createdAt.toISOString(),
    updated_at: lesson.updatedAt.toISOString(),
  }
}

type Urls = Pick<
  LessonJson,
  'playback_url' | 'thumbnail_url' | 'thumbnail_widths' | 'storyboard_url' | 'chat_url' | 'chat_pieces'
>

const nothing: Urls = {
  playback_url: null,
  thumbnail_url: null,
  thumbnail_widths: [],
  storyboard_url: null,
  chat_url: null,
  chat_pieces: 0,
}

/** The running show while there is one, then what it left. */
function urls({ broadcast, recording, video }: Lesson, playback: Playback, audience: Audience): Urls {
  if (broadcast?.isOnAir() && broadcast.node) {
    const held = { id: broadcast.id, node: broadcast.node }
    const url = (file: string) => playback.ofBroadcast(held, file, audience)
    return { ...nothing, playback_url: url('index.m3u8'), thumbnail_url: url('thumbnail.jpg') }
  }
  if (!recording && video?.isPlayable()) {
    const url = (file: string) => playback.ofVideo(video, file, audience)
    return {
      ...nothing,
      playback_url: url('index.m3u8'),
      thumbnail_url: video.hasThumbnail ? url('thumbnail.jpg') : null,
      thumbnail_widths: video.hasThumbnail ? video.thumbnailWidths : [],
      storyboard_url: video.hasStoryboard ? url('storyboard.vtt') : null,
    }
  }
  if (recording?.status !== 'ready') return nothing
  const url = (file: string) => playback.ofRecording(recording, file, audience)
  return {
    playback_url: url('index.m3u8'),
    thumbnail_url: recording.hasThumbnail ? url('thumbnail.jpg') : null,
    thumbnail_widths: recording.hasThumbnail ? recording.thumbnailWidths : [],
    storyboard_url: recording.hasStoryboard ? url('storyboard.vtt') : null,
    ...presentChat(recording, playback, audience),
  }
}
