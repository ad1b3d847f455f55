import { Migration } from '@mikro-orm/migrations'

export class Migration20261121090717_course_review extends Migration {
  override name = 'Migration20261121090717_course_review'

  override up(): void | Promise<void> {
    this.addSql(`alter table "course" add "submitted_by_id" int null;`)
    this.addSql(
      `alter table "course" add constraint "course_submitted_by_id_foreign" foreign key ("submitted_by_id") references "users" ("id") on delete set null;`,
    )

    this.addSql(`alter table "broadcast" add "course_id" int null;`)
    this.addSql(
      `alter table "broadcast" add constraint "broadcast_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete set null;`,
    )
    this.addSql(`create index "broadcast_course_id_index" on "broadcast" ("course_id");`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "broadcast" drop constraint "broadcast_course_id_foreign";`)

    this.addSql(`alter table "course" drop constraint "course_submitted_by_id_foreign";`)

    this.addSql(`drop index "broadcast_course_id_index";`)
    this.addSql(`alter table "broadcast" drop column "course_id";`)

    this.addSql(`alter table "course" drop column "submitted_by_id";`)
  }
}
