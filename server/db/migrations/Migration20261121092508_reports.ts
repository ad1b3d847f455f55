import { Migration } from '@mikro-orm/migrations'

export class Migration20261121092508_reports extends Migration {
  override name = 'Migration20261121092508_reports'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "report" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "user_id" int not null, "kind" text not null, "params" jsonb not null, "status" text not null default 'pending', "courses" jsonb null, "size_bytes" int not null default 0, "ready_at" timestamptz null, "expires_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`create index "report_user_id_created_at_index" on "report" ("user_id", "created_at");`)
    this.addSql(`create index "report_expires_at_index" on "report" ("expires_at");`)

    this.addSql(
      `alter table "report" add constraint "report_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(`alter table "report" add constraint "report_size_positive" check (size_bytes >= 0);`)
    this.addSql(
      `alter table "report" add constraint "report_kind_check" check ("kind" in ('revenue', 'progress', 'views'));`,
    )
    this.addSql(
      `alter table "report" add constraint "report_status_check" check ("status" in ('pending', 'ready', 'failed'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "report" cascade;`)
  }
}
