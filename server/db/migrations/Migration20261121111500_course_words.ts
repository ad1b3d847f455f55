import { Migration } from '@mikro-orm/migrations'

const orders = ['price', 'created_at', 'average_rating', 'students_count', 'duration_hours']
const filters = ['category_id', 'price', 'average_rating', 'duration_hours', 'language', 'type', 'difficulty']

/**
 * A course is found by the stems of its words, Russian and English ones, and by what stands within them: all their ends are
 * kept, of which one begins with it. No word is left out as too frequent. What is long lies out of line, so that a look at all courses, or
 * at all that a word is in, reads a tenth of the pages.
 */
export class Migration20261121111500_course_words extends Migration {
  override name = 'Migration20261121111500_course_words'

  override up(): void | Promise<void> {
    this.addSql(`create text search dictionary course_russian (template = pg_catalog.snowball, language = russian);`)
    this.addSql(`create text search dictionary course_english (template = pg_catalog.snowball, language = english);`)
    this.addSql(`create text search configuration course_text (copy = pg_catalog.russian);`)
    this.addSql(
      `alter text search configuration course_text alter mapping for asciiword, asciihword, hword_asciipart with course_english;`,
    )
    this.addSql(
      `alter text search configuration course_text alter mapping for word, hword, hword_part with course_russian;`,
    )
    this.addSql(`create function course_query(term text) returns tsquery language sql immutable parallel safe as $$
  select to_tsquery('course_text', '''' || translate(lower(term), 'ё', 'е') || ''':*')
      || to_tsquery('simple', '''' || translate(lower(term), 'ё', 'е') || ''':*')
$$;`)
    this.addSql(`create function course_words(everything text) returns tsvector language sql immutable parallel safe as $$
  select strip(to_tsvector('course_text', translate(lower(everything), 'ё', 'е'))) || coalesce(
    (select array_to_tsvector(array_agg(distinct substr(word, start, 50)))
       from regexp_split_to_table(translate(lower(everything), 'ё', 'е'), '[^[:alnum:]]+') word, generate_series(1, least(greatest(length(word) - 2, 1), 50)) start
      where word <> ''), '')
$$;`)
    this.addSql(`create function course_teachers(course_id int) returns text language sql stable as $$
  select string_agg(concat_ws(' ', u.first_name, u.last_name, p.display_name), E'\\n' order by r.is_primary desc, r.id)
    from course_user_role r join users u on u.id = r.user_id left join profile p on p.user_id = u.id
   where r.course_id = course_teachers.course_id and r.role = 'teacher'
$$;`)
    this.addSql(`create or replace function course_search_of_course() returns trigger language plpgsql as $$
begin
  new.search := lower(concat_ws(E'\\n', new.title, regexp_replace(new.description, '<[^>]*>', ' ', 'g'), course_teachers(new.id)));
  new.words := course_words(new.search);
  return new;
end $$;`)
    this.addSql(`create or replace function course_search_of_role() returns trigger language plpgsql as $$
begin
  update course c set search = ''
   where (tg_op <> 'DELETE' and c.id = new.course_id) or (tg_op <> 'INSERT' and c.id = old.course_id);
  return null;
end $$;`)
    this.addSql(`create or replace function course_search_of_person() returns trigger language plpgsql as $$
declare person int := case tg_table_name when 'users' then (to_jsonb(new) ->> 'id')::int else (to_jsonb(new) ->> 'user_id')::int end;
begin
  update course c set search = ''
   where c.id in (select r.course_id from course_user_role r where r.user_id = person and r.role = 'teacher');
  return null;
end $$;`)
    this.addSql(`drop function course_search_text(int, text, text);`)
    this.addSql(`drop trigger course_search on course;`)
    this.addSql(
      `create trigger course_search before insert or update of title, description, search on course for each row execute function course_search_of_course();`,
    )
    this.addSql(`alter table "course" add "words" tsvector not null default '';`)
    this.addSql(`alter table "course" alter column "search" set storage extended;`)
    this.addSql(`alter table "course" set (toast_tuple_target = 128);`)
    this.addSql(`update "course" set "search" = '';`)
    this.addSql(`create index "course_words" on "course" using gin (words) with (fastupdate=off);`)
    this.#indexOrders((column) => `include (${filters.filter((filter) => filter !== column).join(', ')})`)
  }

  override down(): void | Promise<void> {
    this.#indexOrders(() => '')
    this.addSql(`drop index "course_words";`)
    this.addSql(`drop trigger course_search on course;`)
    this.addSql(`create function course_search_text(course_id int, title text, description text) returns text language sql stable as $$
  select lower(concat_ws(E'\\n', title, regexp_replace(description, '<[^>]*>', ' ', 'g'), course_teachers(course_id)))
$$;`)
    this.addSql(`create or replace function course_search_of_course() returns trigger language plpgsql as $$
begin
  new.search := course_search_text(new.id, new.title, new.description);
  return new;
end $$;`)
    this.addSql(
      `create trigger course_search before insert or update of title, description, search on course for each row execute function course_search_of_course();`,
    )
    this.addSql(`alter table "course" drop column "words";`)
    this.addSql(`alter table "course" set (toast_tuple_target = 8160);`)
    this.addSql(`alter table "course" alter column "search" set storage external;`)
    this.addSql(`drop function course_words(text);`)
    this.addSql(`drop function course_query(text);`)
    this.addSql(`drop text search configuration course_text;`)
    this.addSql(`drop text search dictionary course_english;`)
    this.addSql(`drop text search dictionary course_russian;`)
  }

  #indexOrders(beside: (column: string) => string): void {
    for (const column of orders) {
      for (const [way, id] of [
        ['down', 'id'],
        ['up', 'id desc'],
      ]) {
        this.addSql(`drop index "course_catalog_${column}_${way}";`)
        this.addSql(
          `create index "course_catalog_${column}_${way}" on "course" (${column}, ${id}) ${beside(column)} where status = 'published';`,
        )
      }
    }
  }
}
