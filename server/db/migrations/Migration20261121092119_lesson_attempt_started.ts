import { Migration } from '@mikro-orm/migrations'

export class Migration20261121092119_lesson_attempt_started extends Migration {
  override name = 'Migration20261121092119_lesson_attempt_started'

  override up(): void | Promise<void> {
    this.addSql(`alter table "lesson_progress" add "attempt_started_at" timestamptz null;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "lesson_progress" drop column "attempt_started_at";`)
  }
}
