import { Migration } from '@mikro-orm/migrations'

export class Migration20261121115658_videos extends Migration {
  override name = 'Migration20261121115658_videos'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "video" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "owner_id" int not null, "title" varchar(200) not null, "visibility" text not null default 'unlisted', "status" text not null default 'uploading', "progress" int not null default 0, "failure" varchar(40) not null default '', "file_name" varchar(255) not null, "source_bytes" bigint not null, "sha256" varchar(64) null, "source_key" varchar(100) null, "duplicate_of" varchar(24) null, "duration_seconds" double precision not null default 0, "width" int null, "height" int null, "renditions" jsonb not null default '[]', "stored_bytes" bigint not null default '0', "has_thumbnail" boolean not null default false, "has_storyboard" boolean not null default false, primary key ("id"));`,
    )
    this.addSql(`create index "video_owner_id_created_at_index" on "video" ("owner_id", "created_at");`)
    this.addSql(`create index "video_owner_id_sha256_index" on "video" ("owner_id", "sha256");`)

    this.addSql(
      `alter table "video" add constraint "video_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "video" add constraint "video_progress_percent" check (progress >= 0 and progress <= 100);`,
    )
    this.addSql(
      `alter table "video" add constraint "video_sizes_positive" check (source_bytes >= 0 and stored_bytes >= 0);`,
    )
    this.addSql(
      `alter table "video" add constraint "video_visibility_check" check ("visibility" in ('public', 'enrolled', 'unlisted'));`,
    )
    this.addSql(
      `alter table "video" add constraint "video_status_check" check ("status" in ('uploading', 'queued', 'processing', 'ready', 'failed'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "video" cascade;`)
  }
}
