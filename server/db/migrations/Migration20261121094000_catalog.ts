import { Migration } from '@mikro-orm/migrations'

/** The catalogue's indexes, and the words that a course is found by: kept by triggers, so no way to change them forgets it. */
export class Migration20261121094000_catalog extends Migration {
  override name = 'Migration20261121094000_catalog'

  override up(): void | Promise<void> {
    this.addSql(`create extension if not exists pg_trgm;`)
    this.addSql(`alter table "course" add "search" text not null default '';`)
    this.addSql(`create function course_search_text(course_id int, title text, description text) returns text language sql stable as $$
  select lower(concat_ws(E'\\n', title, regexp_replace(description, '<[^>]*>', ' ', 'g'), (
    select string_agg(concat_ws(' ', u.first_name, u.last_name, p.display_name), E'\\n' order by r.is_primary desc, r.id)
      from course_user_role r join users u on u.id = r.user_id left join profile p on p.user_id = u.id
     where r.course_id = course_search_text.course_id and r.role = 'teacher')))
$$;`)
    this.addSql(`create function course_search_of_course() returns trigger language plpgsql as $$
begin
  new.search := course_search_text(new.id, new.title, new.description);
  return new;
end $$;`)
    this.addSql(`create function course_search_of_role() returns trigger language plpgsql as $$
begin
  update course c set search = course_search_text(c.id, c.title, c.description)
   where (tg_op <> 'DELETE' and c.id = new.course_id) or (tg_op <> 'INSERT' and c.id = old.course_id);
  return null;
end $$;`)
    this.addSql(`create function course_search_of_person() returns trigger language plpgsql as $$
declare person int := case tg_table_name when 'users' then (to_jsonb(new) ->> 'id')::int else (to_jsonb(new) ->> 'user_id')::int end;
begin
  update course c set search = course_search_text(c.id, c.title, c.description)
   where c.id in (select r.course_id from course_user_role r where r.user_id = person and r.role = 'teacher');
  return null;
end $$;`)
    this.addSql(
      `create trigger course_search before insert or update of title, description on course for each row execute function course_search_of_course();`,
    )
    this.addSql(
      `create trigger course_search after insert or delete or update of course_id, user_id, role, is_primary on course_user_role for each row execute function course_search_of_role();`,
    )
    this.addSql(
      `create trigger course_search after update of first_name, last_name on users for each row when (old.first_name is distinct from new.first_name or old.last_name is distinct from new.last_name) execute function course_search_of_person();`,
    )
    this.addSql(
      `create trigger course_search after update of display_name on profile for each row when (old.display_name is distinct from new.display_name) execute function course_search_of_person();`,
    )
    this.addSql(`update course set search = course_search_text(id, title, description);`)
    this.addSql(`drop index "course_status_students_count_index";`)
    this.addSql(`drop index "course_status_average_rating_index";`)
    this.addSql(`drop index "course_status_price_index";`)
    this.addSql(`drop index "course_status_duration_hours_index";`)
    this.addSql(`create index "course_catalog_price_down" on "course" (price, id) where status = 'published';`)
    this.addSql(`create index "course_catalog_price_up" on "course" (price, id desc) where status = 'published';`)
    this.addSql(
      `create index "course_catalog_created_at_down" on "course" (created_at, id) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_created_at_up" on "course" (created_at, id desc) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_average_rating_down" on "course" (average_rating, id) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_average_rating_up" on "course" (average_rating, id desc) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_students_count_down" on "course" (students_count, id) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_students_count_up" on "course" (students_count, id desc) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_duration_hours_down" on "course" (duration_hours, id) where status = 'published';`,
    )
    this.addSql(
      `create index "course_catalog_duration_hours_up" on "course" (duration_hours, id desc) where status = 'published';`,
    )
    this.addSql(
      `create index "course_facets" on "course" (status, category_id, price, average_rating, duration_hours, language, type, difficulty, currency, students_count, created_at, id);`,
    )
    this.addSql(`create index "course_search_trigrams" on "course" using gin (search gin_trgm_ops);`)
    this.addSql(`create index "course_title_beginnings" on "course" (lower(title) text_pattern_ops);`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "course_title_beginnings";`)
    this.addSql(`drop index "course_search_trigrams";`)
    this.addSql(`drop index "course_facets";`)
    this.addSql(`drop index "course_catalog_price_up";`)
    this.addSql(`drop index "course_catalog_price_down";`)
    this.addSql(`drop index "course_catalog_created_at_up";`)
    this.addSql(`drop index "course_catalog_created_at_down";`)
    this.addSql(`drop index "course_catalog_average_rating_up";`)
    this.addSql(`drop index "course_catalog_average_rating_down";`)
    this.addSql(`drop index "course_catalog_students_count_up";`)
    this.addSql(`drop index "course_catalog_students_count_down";`)
    this.addSql(`drop index "course_catalog_duration_hours_up";`)
    this.addSql(`drop index "course_catalog_duration_hours_down";`)
    this.addSql(`create index "course_status_students_count_index" on "course" ("status", "students_count");`)
    this.addSql(`create index "course_status_average_rating_index" on "course" ("status", "average_rating");`)
    this.addSql(`create index "course_status_price_index" on "course" ("status", "price");`)
    this.addSql(`create index "course_status_duration_hours_index" on "course" ("status", "duration_hours");`)
    this.addSql(`drop trigger course_search on profile;`)
    this.addSql(`drop trigger course_search on users;`)
    this.addSql(`drop trigger course_search on course_user_role;`)
    this.addSql(`drop trigger course_search on course;`)
    this.addSql(`drop function course_search_of_person();`)
    this.addSql(`drop function course_search_of_role();`)
    this.addSql(`drop function course_search_of_course();`)
    this.addSql(`drop function course_search_text(int, text, text);`)
    this.addSql(`alter table "course" drop column "search";`)
  }
}
