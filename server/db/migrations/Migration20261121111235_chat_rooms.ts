import { Migration } from '@mikro-orm/migrations'

export class Migration20261121111235_chat_rooms extends Migration {
  override name = 'Migration20261121111235_chat_rooms'

  override up(): void | Promise<void> {
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
      `CREATE INDEX chat_message_text_search ON public.chat_message USING gin (to_tsvector('simple'::regconfig, text));`,
    )

    this.addSql(`alter table "chat_room" drop column "emotes_version";`)
    this.addSql(`alter table "chat_room" alter column "notices" set default 'moderators';`)
    this.addSql(`alter table "chat_room" alter column "notices" set not null;`)

    this.addSql(
      `create or replace function "course_course_search_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(
      `create trigger "course_search" BEFORE INSERT OR UPDATE on "course" for each ROW execute function "course_course_search_fn"();`,
    )

    this.addSql(
      `create or replace function "course_user_role_course_search_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(
      `create trigger "course_search" AFTER DELETE OR INSERT OR UPDATE on "course_user_role" for each ROW execute function "course_user_role_course_search_fn"();`,
    )

    this.addSql(
      `create or replace function "profile_course_search_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(`create trigger "course_search" AFTER UPDATE on "profile" for each ROW
  when (((old.display_name)::text IS DISTINCT FROM (new.display_name)::text)) execute function "profile_course_search_fn"();`)

    this.addSql(
      `create or replace function "users_course_search_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(`create trigger "course_search" AFTER UPDATE on "users" for each ROW
  when ((((old.first_name)::text IS DISTINCT FROM (new.first_name)::text) OR ((old.last_name)::text IS DISTINCT FROM (new.last_name)::text))) execute function "users_course_search_fn"();`)

    this.addSql(`create or replace function "course_query"("term" text) returns tsquery security invoker immutable language sql as $$ select to_tsquery('course_text', '''' || translate(lower(term), 'ё', 'е') || ''':*')
      || to_tsquery('simple', '''' || translate(lower(term), 'ё', 'е') || ''':*') $$;`)

    this.addSql(`create or replace function "course_teachers"("course_id" integer) returns text security invoker language sql as $$ select string_agg(concat_ws(' ', u.first_name, u.last_name, p.display_name), E'\\n' order by r.is_primary desc, r.id)
    from course_user_role r join users u on u.id = r.user_id left join profile p on p.user_id = u.id
   where r.course_id = course_teachers.course_id and r.role = 'teacher' $$;`)

    this.addSql(`create or replace function "course_words"("everything" text) returns tsvector security invoker immutable language sql as $$ select strip(to_tsvector('course_text', translate(lower(everything), 'ё', 'е'))) || coalesce(
    (select array_to_tsvector(array_agg(distinct substr(word, start, 50)))
       from regexp_split_to_table(translate(lower(everything), 'ё', 'е'), '[^[:alnum:]]+') word, generate_series(1, least(greatest(length(word) - 2, 1), 50)) start
      where word <> ''), '') $$;`)
  }
}
