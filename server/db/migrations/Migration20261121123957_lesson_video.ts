import { Migration } from '@mikro-orm/migrations'

export class Migration20261121123957_lesson_video extends Migration {
  override name = 'Migration20261121123957_lesson_video'

  override up(): void | Promise<void> {
    this.addSql(`alter table "lesson" add "video_id" varchar(24) null;`)
    this.addSql(
      `alter table "lesson" add constraint "lesson_video_id_foreign" foreign key ("video_id") references "video" ("id") on delete restrict;`,
    )
    this.addSql(`create index "lesson_video_id_index" on "lesson" ("video_id");`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "lesson" drop constraint "lesson_video_id_foreign";`)
    this.addSql(`drop index "lesson_video_id_index";`)
    this.addSql(`alter table "lesson" drop column "video_id";`)
  }
}
