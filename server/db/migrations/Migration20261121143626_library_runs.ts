import { Migration } from '@mikro-orm/migrations'

export class Migration20261121143626_library_runs extends Migration {
  override name = 'Migration20261121143626_library_runs'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "library_run" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "kind" text not null, "is_deep" boolean not null default false, "is_dry_run" boolean not null default false, "started_by_id" int null, "status" text not null default 'queued', "progress" int not null default 0, "failure" varchar(40) not null default '', "report" jsonb null, "finished_at" timestamptz null, primary key ("id"));`,
    )
    this.addSql(`create index "library_run_kind_created_at_index" on "library_run" ("kind", "created_at");`)
    this.addSql(`create index "library_run_status_index" on "library_run" ("status");`)

    this.addSql(
      `alter table "library_run" add constraint "library_run_started_by_id_foreign" foreign key ("started_by_id") references "users" ("id") on delete set null;`,
    )
    this.addSql(
      `alter table "library_run" add constraint "library_run_progress_percent" check (progress >= 0 and progress <= 100);`,
    )
    this.addSql(
      `alter table "library_run" add constraint "library_run_kind_check" check ("kind" in ('validate', 'prune'));`,
    )
    this.addSql(
      `alter table "library_run" add constraint "library_run_status_check" check ("status" in ('queued', 'processing', 'ready', 'failed', 'cancelled'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "library_run" cascade;`)
  }
}
