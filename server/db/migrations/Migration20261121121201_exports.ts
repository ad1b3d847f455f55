import { Migration } from '@mikro-orm/migrations'

export class Migration20261121121201_exports extends Migration {
  override name = 'Migration20261121121201_exports'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "export" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "owner_id" int null, "source" text not null, "source_id" varchar(24) not null, "format" text not null, "start_seconds" double precision not null, "duration_seconds" double precision not null, "width" int null, "fps" int null, "status" text not null default 'queued', "progress" int not null default 0, "failure" varchar(40) not null default '', "file_name" varchar(255) not null, "size_bytes" bigint not null default '0', "expires_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`create index "export_expires_at_index" on "export" ("expires_at");`)
    this.addSql(`create index "export_owner_id_created_at_index" on "export" ("owner_id", "created_at");`)

    this.addSql(
      `alter table "export" add constraint "export_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "export" add constraint "export_progress_percent" check (progress >= 0 and progress <= 100);`,
    )
    this.addSql(
      `alter table "export" add constraint "export_source_check" check ("source" in ('video', 'recording', 'broadcast', 'upload'));`,
    )
    this.addSql(
      `alter table "export" add constraint "export_format_check" check ("format" in ('gif', 'webp', 'mp4', 'mp3'));`,
    )
    this.addSql(
      `alter table "export" add constraint "export_status_check" check ("status" in ('queued', 'processing', 'ready', 'failed', 'cancelled'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "export" cascade;`)
  }
}
