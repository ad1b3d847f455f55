import { Migration } from '@mikro-orm/migrations'

export class Migration20261121140609_captions extends Migration {
  override name = 'Migration20261121140609_captions'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "caption" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "recording_id" varchar(24) null, "video_id" varchar(24) null, "language" varchar(35) not null, "label" varchar(100) not null, "content" text not null, "cues" int not null, "size_bytes" int not null, "etag" varchar(16) not null);`,
    )
    this.addSql(
      `alter table "caption" add constraint "caption_recording_id_language_unique" unique ("recording_id", "language");`,
    )
    this.addSql(
      `alter table "caption" add constraint "caption_video_id_language_unique" unique ("video_id", "language");`,
    )

    this.addSql(`alter table "recording" add "chapters" jsonb not null default '[]';`)

    this.addSql(`alter table "video" add "chapters" jsonb not null default '[]';`)

    this.addSql(
      `alter table "caption" add constraint "caption_recording_id_foreign" foreign key ("recording_id") references "recording" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "caption" add constraint "caption_video_id_foreign" foreign key ("video_id") references "video" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "caption" add constraint "caption_of_one" check ((recording_id is null) <> (video_id is null));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "caption" cascade;`)
    this.addSql(`alter table "recording" drop column "chapters";`)
    this.addSql(`alter table "video" drop column "chapters";`)
  }
}
