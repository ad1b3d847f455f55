import { Migration } from '@mikro-orm/migrations'

export class Migration20261121092551_chat extends Migration {
  override name = 'Migration20261121092551_chat'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "chat_room" ("id" varchar(40) not null, "slow" int not null default 0, "mode" text not null default 'all', "is_frozen" boolean not null default false, "notices" text not null default 'moderators', "blocked_terms" jsonb not null default '[]', "epoch" varchar(40) not null default '', "persisted_seq" int not null default 0, "created_at" timestamptz not null, primary key ("id"));`,
    )

    this.addSql(
      `create table "chat_moderator" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "room" varchar(40) not null, "user_id" int not null);`,
    )
    this.addSql(`create index "chat_moderator_user_id_index" on "chat_moderator" ("user_id");`)
    this.addSql(
      `alter table "chat_moderator" add constraint "chat_moderator_room_user_id_unique" unique ("room", "user_id");`,
    )

    this.addSql(
      `create table "chat_message" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "room" varchar(40) not null, "epoch" varchar(40) not null, "seq" int not null, "author_id" int null, "author_name" varchar(50) not null, "rank" smallint not null, "text" text not null, "reply_to" int null, "watched_at" timestamptz null, "sent_at" timestamptz not null, "deleted_at" timestamptz null);`,
    )
    this.addSql(`create index "chat_message_room_sent_at_index" on "chat_message" ("room", "sent_at");`)
    this.addSql(`create index "chat_message_author_id_sent_at_index" on "chat_message" ("author_id", "sent_at");`)
    this.addSql(
      `create index "chat_message_text_search" on "chat_message" using gin (to_tsvector('simple'::regconfig, text));`,
    )
    this.addSql(
      `alter table "chat_message" add constraint "chat_message_room_epoch_seq_unique" unique ("room", "epoch", "seq");`,
    )

    this.addSql(
      `create table "chat_ban" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "room" varchar(40) not null, "user_id" int not null, "until" timestamptz null, "reason" varchar(200) not null default '', "by_id" int null);`,
    )
    this.addSql(`create index "chat_ban_user_id_index" on "chat_ban" ("user_id");`)
    this.addSql(`alter table "chat_ban" add constraint "chat_ban_room_user_id_unique" unique ("room", "user_id");`)

    this.addSql(
      `alter table "chat_room" add constraint "chat_room_mode_check" check ("mode" in ('all', 'followers', 'enrolled', 'mods', 'emote'));`,
    )
    this.addSql(
      `alter table "chat_room" add constraint "chat_room_notices_check" check ("notices" in ('everyone', 'moderators'));`,
    )

    this.addSql(
      `alter table "chat_moderator" add constraint "chat_moderator_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "chat_message" add constraint "chat_message_author_id_foreign" foreign key ("author_id") references "users" ("id") on delete set null;`,
    )

    this.addSql(
      `alter table "chat_ban" add constraint "chat_ban_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "chat_ban" add constraint "chat_ban_by_id_foreign" foreign key ("by_id") references "users" ("id") on delete set null;`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "chat_room" cascade;`)
    this.addSql(`drop table if exists "chat_moderator" cascade;`)
    this.addSql(`drop table if exists "chat_message" cascade;`)
    this.addSql(`drop table if exists "chat_ban" cascade;`)
  }
}
