import { Migration } from '@mikro-orm/migrations'

export class Migration20261121151800_channel_picture extends Migration {
  override name = 'Migration20261121151800_channel_picture'

  override up(): void | Promise<void> {
    this.addSql(`alter table "channel" add "picture" varchar(255) null;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "channel" drop column "picture";`)

    this.addSql(
      `create or replace function "chat_message_recording_chat_deleted_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(
      `create trigger "recording_chat_deleted" AFTER DELETE on "chat_message" for each STATEMENT execute function "chat_message_recording_chat_deleted_fn"();`,
    )
    this.addSql(
      `create or replace function "chat_message_recording_chat_updated_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(
      `create trigger "recording_chat_updated" AFTER UPDATE on "chat_message" for each STATEMENT execute function "chat_message_recording_chat_updated_fn"();`,
    )

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
    this.addSql(
      `create or replace function "users_recording_chat_left_fn"() returns trigger as $$ begin ; end; $$ language plpgsql;`,
    )
    this.addSql(`create trigger "recording_chat_left" AFTER UPDATE on "users" for each ROW
  when (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) execute function "users_recording_chat_left_fn"();`)

    this.addSql(`create or replace function "chat_query"("word" text) returns tsquery security invoker immutable language sql as $$ select to_tsquery('pg_catalog.russian', '''' || translate(lower(word), 'ё', 'е') || ''':*')
      || to_tsquery('pg_catalog.simple', '''' || translate(lower(word), 'ё', 'е') || ''':*') $$;`)

    this.addSql(`create or replace function "chat_words"("message" text) returns tsvector security invoker immutable language sql as $$ select to_tsvector('pg_catalog.russian', translate(lower(message), 'ё', 'е'))
      || to_tsvector('pg_catalog.simple', translate(lower(message), 'ё', 'е')) $$;`)

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
