import { Migration } from '@mikro-orm/migrations'

/** Who follows a channel, the emotes of rooms, and messages found by Russian and English words. */
export class Migration20261121111235_chat_rooms extends Migration {
  override name = 'Migration20261121111235_chat_rooms'

  override up(): void | Promise<void> {
    // No word is left out as too frequent: what the stems leave out stands there as it was written.
    this.addSql(`create function chat_words(message text) returns tsvector language sql immutable parallel safe as $$
  select to_tsvector('pg_catalog.russian', translate(lower(message), 'ё', 'е'))
      || to_tsvector('pg_catalog.simple', translate(lower(message), 'ё', 'е'))
$$;`)
    this.addSql(`create function chat_query(word text) returns tsquery language sql immutable parallel safe as $$
  select to_tsquery('pg_catalog.russian', '''' || translate(lower(word), 'ё', 'е') || ''':*')
      || to_tsquery('pg_catalog.simple', '''' || translate(lower(word), 'ё', 'е') || ''':*')
$$;`)

    this.addSql(
      `create table "chat_emote" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "room" varchar(40) not null, "name" varchar(24) not null, "picture" varchar(255) not null, "is_animated" boolean not null default false, "by_id" int null);`,
    )
    this.addSql(`alter table "chat_emote" add constraint "chat_emote_room_name_unique" unique ("room", "name");`)

    this.addSql(
      `create table "channel_follow" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "channel_id" int not null, "user_id" int not null);`,
    )
    this.addSql(`create index "channel_follow_user_id_index" on "channel_follow" ("user_id");`)
    this.addSql(
      `alter table "channel_follow" add constraint "channel_follow_channel_id_user_id_unique" unique ("channel_id", "user_id");`,
    )

    this.addSql(`alter table "chat_room" add "emotes_version" int not null default 0;`)
    this.addSql(`alter table "chat_room" alter column "notices" drop default;`)
    this.addSql(`alter table "chat_room" alter column "notices" drop not null;`)

    this.addSql(`drop index "chat_message_text_search";`)
    this.addSql(`create index "chat_message_room_id_index" on "chat_message" ("room", "id");`)
    this.addSql(
      `create index "chat_message_words" on "chat_message" using gin (chat_words(text)) where deleted_at is null;`,
    )

    this.addSql(
      `alter table "chat_emote" add constraint "chat_emote_by_id_foreign" foreign key ("by_id") references "users" ("id") on delete set null;`,
    )

    this.addSql(
      `alter table "channel_follow" add constraint "channel_follow_channel_id_foreign" foreign key ("channel_id") references "channel" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "channel_follow" add constraint "channel_follow_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "chat_emote" cascade;`)
    this.addSql(`drop table if exists "channel_follow" cascade;`)

    this.addSql(`drop index "chat_message_room_id_index";`)
    this.addSql(`drop index "chat_message_words";`)
    this.addSql(
      `create index "chat_message_text_search" on "chat_message" using gin (to_tsvector('simple'::regconfig, text));`,
    )

    this.addSql(`alter table "chat_room" drop column "emotes_version";`)
    this.addSql(`update "chat_room" set "notices" = 'moderators' where "notices" is null;`)
    this.addSql(`alter table "chat_room" alter column "notices" set default 'moderators';`)
    this.addSql(`alter table "chat_room" alter column "notices" set not null;`)
    this.addSql(`drop function chat_words(text);`)
    this.addSql(`drop function chat_query(text);`)
  }
}
