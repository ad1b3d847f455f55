/**
 * What people are told of, and what its data is.
 *
 *   live         a channel that they follow is live: `channel`, `title`
 *   lesson       a lesson of a course of theirs can be taken: `course`, `lesson`
 *   graded       somebody graded what they handed in: `course`, `lesson`, `grade`, `max_grade`
 *   payment      they have paid for a course: `course`, `amount`, `currency`
 *   refund       money went back to them: the same
 */
export const noticeKinds = ['live', 'lesson', 'graded', 'payment', 'refund'] as const
export type NoticeKind = (typeof noticeKinds)[number]

/** Told to devices, too, when no page is open; of money a mail tells. */
export const pushedKinds: ReadonlySet<NoticeKind> = new Set(['live', 'lesson', 'graded'])
