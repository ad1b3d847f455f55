import { Migration } from '@mikro-orm/migrations'

export class Migration20261121092416_analytics extends Migration {
  override name = 'Migration20261121092416_analytics'

  override up(): void | Promise<void> {
    this.addSql(`create schema if not exists "analytics";`)
    this.addSql(
      `create table "analytics"."course_view" ("id" bigserial primary key, "course_id" int not null, "user_id" int null, "visitor" varchar(40) not null, "ip" inet null, "user_agent" varchar(500) not null default '', "bucket" int not null, "viewed_at" timestamptz not null);`,
    )
    this.addSql(
      `create index "course_view_course_id_viewed_at_index" on "analytics"."course_view" ("course_id", "viewed_at");`,
    )
    this.addSql(
      `create index "course_view_user_id_viewed_at_index" on "analytics"."course_view" ("user_id", "viewed_at");`,
    )
    this.addSql(`create index "course_view_viewed_at_index" on "analytics"."course_view" ("viewed_at");`)
    this.addSql(
      `alter table "analytics"."course_view" add constraint "course_view_course_id_visitor_bucket_unique" unique ("course_id", "visitor", "bucket");`,
    )

    this.addSql(
      `create table "analytics"."lesson_progress_fact" ("id" bigserial primary key, "course_id" int not null, "lesson_id" int not null, "user_id" int not null, "status" varchar(20) not null, "progress" int not null, "watched_seconds" double precision not null, "started_at" timestamptz null, "completed_at" timestamptz null, "last_activity" timestamptz not null);`,
    )
    this.addSql(
      `create index "lesson_progress_fact_course_id_started_at_index" on "analytics"."lesson_progress_fact" ("course_id", "started_at");`,
    )
    this.addSql(
      `create index "lesson_progress_fact_course_id_completed_at_index" on "analytics"."lesson_progress_fact" ("course_id", "completed_at");`,
    )
    this.addSql(
      `create index "lesson_progress_fact_user_id_started_at_index" on "analytics"."lesson_progress_fact" ("user_id", "started_at");`,
    )
    this.addSql(
      `create index "lesson_progress_fact_started_at_index" on "analytics"."lesson_progress_fact" ("started_at");`,
    )
    this.addSql(
      `create index "lesson_progress_fact_completed_at_index" on "analytics"."lesson_progress_fact" ("completed_at");`,
    )
    this.addSql(
      `create index "lesson_progress_fact_last_activity_index" on "analytics"."lesson_progress_fact" ("last_activity");`,
    )
    this.addSql(
      `alter table "analytics"."lesson_progress_fact" add constraint "lesson_progress_fact_lesson_id_user_id_unique" unique ("lesson_id", "user_id");`,
    )

    this.addSql(
      `create table "analytics"."revenue_fact" ("id" int not null, "course_id" int not null, "payment_id" varchar(24) not null, "amount" numeric(10,2) not null, "currency" varchar(3) not null, "transaction_type" varchar(20) not null, "date" timestamptz not null, "recorded_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`create index "revenue_fact_course_id_date_index" on "analytics"."revenue_fact" ("course_id", "date");`)
    this.addSql(`create index "revenue_fact_date_index" on "analytics"."revenue_fact" ("date");`)
    this.addSql(`create index "revenue_fact_recorded_at_index" on "analytics"."revenue_fact" ("recorded_at");`)

    this.addSql(
      `create table "analytics"."user_activity" ("id" bigserial primary key, "user_id" int not null, "day" date not null, "sign_ins" int not null default 0, "lessons_touched" int not null default 0, "lessons_completed" int not null default 0, "submissions" int not null default 0, "reviews" int not null default 0, "enrollments" int not null default 0, "payments" int not null default 0, "course_views" int not null default 0, "updated_at" timestamptz not null);`,
    )
    this.addSql(`create index "user_activity_day_index" on "analytics"."user_activity" ("day");`)
    this.addSql(
      `alter table "analytics"."user_activity" add constraint "user_activity_user_id_day_unique" unique ("user_id", "day");`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "analytics"."course_view" cascade;`)
    this.addSql(`drop table if exists "analytics"."lesson_progress_fact" cascade;`)
    this.addSql(`drop table if exists "analytics"."revenue_fact" cascade;`)
    this.addSql(`drop table if exists "analytics"."user_activity" cascade;`)
  }
}
