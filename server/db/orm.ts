import { Migrator } from '@mikro-orm/migrations'
import { type EntityManager, MikroORM, type Options } from '@mikro-orm/postgresql'
import { AuthToken } from '../accounts/auth-token.ts'
import { CustomUrlHistory } from '../accounts/custom-url-history.ts'
import { Education } from '../accounts/education.ts'
import { Profile } from '../accounts/profile.ts'
import { User } from '../accounts/user.ts'
import { WorkExperience } from '../accounts/work-experience.ts'
import { AuditLog } from '../admin/audit-log.ts'
import { Setting } from '../admin/setting.ts'
import { Report } from '../analytics/report.ts'
import { Caption } from '../captions/caption.ts'
import { Channel } from '../channels/channel.ts'
import { ChannelFollow } from '../channels/channel-follow.ts'
import { ChatBan } from '../chat/chat-ban.ts'
import { ChatEmote } from '../chat/chat-emote.ts'
import { ChatMessage } from '../chat/chat-message.ts'
import { ChatModerator } from '../chat/chat-moderator.ts'
import { ChatRoom } from '../chat/chat-room.ts'
import { Category } from '../courses/category.ts'
import { Course } from '../courses/course.ts'
import { CourseUserRole } from '../courses/course-user-role.ts'
import { Enrollment } from '../courses/enrollment.ts'
import { Lesson } from '../courses/lesson.ts'
import { Module } from '../courses/module.ts'
import { Tag } from '../courses/tag.ts'
import { Export } from '../exports/export.ts'
import { LibraryFile } from '../library/library-file.ts'
import { LibraryRun } from '../library/library-run.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { Broadcast } from '../live/broadcast.ts'
import { MediaEvent } from '../live/media-event.ts'
import { MediaNode } from '../live/media-node.ts'
import { Notification } from '../notices/notification.ts'
import { PushSubscription } from '../notices/push-subscription.ts'
import { Payment } from '../payments/payment.ts'
import { PromoCode } from '../payments/promo-code.ts'
import { Revenue } from '../payments/revenue.ts'
import { SandboxSession } from '../payments/sandbox-session.ts'
import { WebhookEvent } from '../payments/webhook-event.ts'
import { LessonProgress } from '../progress/lesson-progress.ts'
import { QuizAttempt } from '../progress/quiz-attempt.ts'
import { Submission } from '../progress/submission.ts'
import { Review } from '../reviews/review.ts'
import { ReviewReport } from '../reviews/review-report.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'

export type Orm = MikroORM
export type { EntityManager }

/** @param overrides for tests and the migration command */
export function ormOptions(url: string, overrides: Partial<Options> = {}): Options {
  return {
    clientUrl: url,
    entities: [
      ...[User, Profile, AuthToken, Education, WorkExperience, CustomUrlHistory],
      ...[Channel, ChannelFollow, Broadcast, MediaNode, MediaEvent, Recording, Video, Caption],
      ...[MediaAsset, LibraryFile, LibraryRun, Export],
      ...[Category, Tag, Course, Module, Lesson, CourseUserRole, Enrollment],
      ...[LessonProgress, QuizAttempt, Submission, Review, ReviewReport],
      ...[Payment, PromoCode, Revenue, WebhookEvent, SandboxSession],
      ...[ChatRoom, ChatModerator, ChatBan, ChatEmote, ChatMessage],
      ...[Notification, PushSubscription],
      ...[AuditLog, Setting, Report],
    ],
    extensions: [Migrator],
    migrations: {
      path: `${import.meta.dirname}/migrations`,
      pathTs: `${import.meta.dirname}/migrations`,
      glob: '*.ts',
      emit: 'ts',
      // A new migration is the difference to a migrated database, not to a file that two branches fight over.
      snapshot: false,
    },
    // Tables of others in the same database: the analytics have migrations of their own.
    // Triggers and functions are written by hand, in migrations.
    schemaGenerator: { ignoreSchema: ['analytics'], ignoreTriggers: true, ignoreRoutines: true },
    forceUtcTimezone: true,
    // A pool that waits for ever turns a database outage into requests that hang.
    pool: { min: 0, max: 20 },
    driverOptions: { connectionTimeoutMillis: 3000, keepAlive: true },
    // What goes wrong is thrown; standard output is for our own log.
    logger: () => {},
    ...overrides,
  }
}

/** Does not connect: the first query does. */
export async function openOrm(url: string, overrides: Partial<Options> = {}): Promise<Orm> {
  return MikroORM.init(ormOptions(url, overrides))
}
