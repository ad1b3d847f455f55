import { Migration } from '@mikro-orm/migrations'

export class Migration20261121083017_courses extends Migration {
  override name = 'Migration20261121083017_courses'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "category" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "name" varchar(100) not null, "slug" varchar(100) not null, "description" text not null default '', "parent_id" int null);`,
    )
    this.addSql(`alter table "category" add constraint "category_slug_unique" unique ("slug");`)
    this.addSql(`create index "category_parent_id_index" on "category" ("parent_id");`)

    this.addSql(
      `create table "setting" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "name" varchar(60) not null, "value" jsonb not null);`,
    )
    this.addSql(`alter table "setting" add constraint "setting_name_unique" unique ("name");`)

    this.addSql(
      `create table "tag" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "name" varchar(50) not null, "slug" varchar(60) not null);`,
    )
    this.addSql(`alter table "tag" add constraint "tag_slug_unique" unique ("slug");`)
    this.addSql(`create unique index "tag_name_unique_ci" on "tag" (lower(name));`)

    this.addSql(
      `create table "education" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "profile_id" int not null, "institution" varchar(255) not null, "degree" varchar(100) not null, "field_of_study" varchar(200) not null, "start_date" date not null, "end_date" date null);`,
    )
    this.addSql(`create index "education_profile_id_end_date_index" on "education" ("profile_id", "end_date");`)

    this.addSql(
      `create table "custom_url_history" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "profile_id" int not null, "custom_url" varchar(50) not null);`,
    )
    this.addSql(
      `alter table "custom_url_history" add constraint "custom_url_history_custom_url_unique" unique ("custom_url");`,
    )

    this.addSql(
      `create table "media_asset" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "key" varchar(255) not null, "sha256" varchar(64) not null, "size_bytes" bigint not null, "mime" varchar(100) not null, "file_name" varchar(255) not null default '', "visibility" text not null default 'private', "owner_id" int null);`,
    )
    this.addSql(`alter table "media_asset" add constraint "media_asset_key_unique" unique ("key");`)
    this.addSql(`create index "media_asset_owner_id_sha256_index" on "media_asset" ("owner_id", "sha256");`)

    this.addSql(
      `create table "course" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "title" varchar(200) not null, "slug" varchar(200) not null, "description" text not null default '', "short_description" varchar(300) not null default '', "requirements" text not null default '', "target_audience" text not null default '', "status" text not null default 'draft', "type" text not null default 'mixed', "difficulty" text not null default 'beginner', "language" varchar(10) not null default 'ru', "price" numeric(10,2) not null default '0.00', "currency" varchar(3) not null default 'RUB', "category_id" int null, "thumbnail" varchar(255) null, "preview_video_url" varchar(500) not null default '', "preview_asset_id" int null, "average_rating" numeric(3,2) not null default '0.00', "reviews_count" int not null default 0, "students_count" int not null default 0, "total_lessons" int not null default 0, "duration_minutes" int not null default 0, "duration_hours" int not null default 0, "published_at" timestamptz null, "archived_at" timestamptz null, "review_comment" text not null default '', "version" int not null default 1);`,
    )
    this.addSql(`alter table "course" add constraint "course_slug_unique" unique ("slug");`)
    this.addSql(`create index "course_category_id_index" on "course" ("category_id");`)
    this.addSql(`create index "course_status_created_at_index" on "course" ("status", "created_at");`)
    this.addSql(`create index "course_status_students_count_index" on "course" ("status", "students_count");`)
    this.addSql(`create index "course_status_average_rating_index" on "course" ("status", "average_rating");`)
    this.addSql(`create index "course_status_price_index" on "course" ("status", "price");`)
    this.addSql(`create index "course_status_duration_hours_index" on "course" ("status", "duration_hours");`)

    this.addSql(
      `create table "review" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "course_id" int not null, "user_id" int not null, "rating" smallint not null, "title" varchar(200) not null default '', "content" text not null default '', "is_verified" boolean not null default false, "is_hidden" boolean not null default false, "hidden_reason" varchar(500) not null default '', "teacher_reply" text not null default '', "replied_at" timestamptz null);`,
    )
    this.addSql(`create index "review_course_id_created_at_index" on "review" ("course_id", "created_at");`)
    this.addSql(`create index "review_user_id_created_at_index" on "review" ("user_id", "created_at");`)
    this.addSql(`create index "review_is_verified_index" on "review" ("is_verified");`)
    this.addSql(
      `alter table "review" add constraint "review_course_id_user_id_unique" unique ("course_id", "user_id");`,
    )

    this.addSql(
      `create table "review_report" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "review_id" int not null, "user_id" int not null, "reason" varchar(500) not null);`,
    )
    this.addSql(
      `alter table "review_report" add constraint "review_report_review_id_user_id_unique" unique ("review_id", "user_id");`,
    )

    this.addSql(
      `create table "promo_code" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "code" varchar(50) not null, "percent" int null, "amount" numeric(10,2) null, "currency" varchar(3) null, "course_id" int null, "starts_at" timestamptz null, "ends_at" timestamptz null, "max_uses" int null, "used" int not null default 0, "created_by_id" int null);`,
    )
    this.addSql(`alter table "promo_code" add constraint "promo_code_code_unique" unique ("code");`)
    this.addSql(`create index "promo_code_course_id_index" on "promo_code" ("course_id");`)

    this.addSql(
      `create table "payment" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "user_id" int not null, "course_id" int not null, "amount" numeric(10,2) not null, "currency" varchar(3) not null, "status" text not null default 'pending', "payment_method" varchar(50) not null default '', "transaction_id" varchar(100) not null, "provider" varchar(20) not null, "provider_session_id" varchar(255) null, "provider_payment_id" varchar(255) null, "refunded_amount" numeric(10,2) not null default '0.00', "promo_code_id" int null, "checkout_url" varchar(2000) null, "expires_at" timestamptz null, "completed_at" timestamptz null, "idempotency_key" varchar(255) null, "metadata" jsonb not null default '{}', primary key ("id"));`,
    )
    this.addSql(`alter table "payment" add constraint "payment_transaction_id_unique" unique ("transaction_id");`)
    this.addSql(
      `alter table "payment" add constraint "payment_provider_session_id_unique" unique ("provider_session_id");`,
    )
    this.addSql(
      `alter table "payment" add constraint "payment_provider_payment_id_unique" unique ("provider_payment_id");`,
    )
    this.addSql(`create index "payment_user_id_created_at_index" on "payment" ("user_id", "created_at");`)
    this.addSql(`create index "payment_course_id_created_at_index" on "payment" ("course_id", "created_at");`)
    this.addSql(`create index "payment_status_expires_at_index" on "payment" ("status", "expires_at");`)
    this.addSql(
      `alter table "payment" add constraint "payment_user_id_idempotency_key_unique" unique ("user_id", "idempotency_key");`,
    )
    this.addSql(
      `create unique index "payment_one_pending" on "payment" ("user_id", "course_id") where status = 'pending';`,
    )

    this.addSql(
      `create table "revenue" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "course_id" int not null, "payment_id" varchar(24) not null, "amount" numeric(10,2) not null, "currency" varchar(3) not null, "transaction_type" text not null, "provider_ref" varchar(255) not null, "date" timestamptz not null, "details" jsonb not null default '{}');`,
    )
    this.addSql(`create index "revenue_course_id_date_index" on "revenue" ("course_id", "date");`)
    this.addSql(`create index "revenue_date_index" on "revenue" ("date");`)
    this.addSql(`create index "revenue_transaction_type_index" on "revenue" ("transaction_type");`)
    this.addSql(
      `alter table "revenue" add constraint "revenue_payment_id_transaction_type_provider_ref_unique" unique ("payment_id", "transaction_type", "provider_ref");`,
    )

    this.addSql(
      `create table "module" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "course_id" int not null, "title" varchar(200) not null, "description" text not null default '', "order" int not null, "is_free" boolean not null default false);`,
    )
    this.addSql(
      `alter table "module" add constraint "module_course_order_unique" unique ("course_id", "order") deferrable initially immediate;`,
    )

    this.addSql(
      `create table "course_tags" ("course_id" int not null, "tag_id" int not null, primary key ("course_id", "tag_id"));`,
    )

    this.addSql(
      `create table "course_user_role" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "course_id" int not null, "user_id" int not null, "role" text not null, "permissions" jsonb not null default '{}', "is_primary" boolean not null default false);`,
    )
    this.addSql(`create index "course_user_role_course_id_role_index" on "course_user_role" ("course_id", "role");`)
    this.addSql(`create index "course_user_role_user_id_role_index" on "course_user_role" ("user_id", "role");`)
    this.addSql(
      `alter table "course_user_role" add constraint "course_user_role_course_id_user_id_role_unique" unique ("course_id", "user_id", "role");`,
    )
    this.addSql(
      `create unique index "course_user_role_one_primary" on "course_user_role" ("course_id", "role") where is_primary;`,
    )

    this.addSql(
      `create table "lesson" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "module_id" int not null, "title" varchar(200) not null, "content_type" text not null, "content" text not null default '', "video_url" varchar(500) not null default '', "file_id" int null, "order" int not null, "duration_minutes" int not null default 0, "is_free" boolean not null default false, "is_published" boolean not null default true, "broadcast_id" varchar(24) null, "recording_id" varchar(24) null, "quiz" jsonb null, "assignment" jsonb null);`,
    )
    this.addSql(`create index "lesson_file_id_index" on "lesson" ("file_id");`)
    this.addSql(`create index "lesson_broadcast_id_index" on "lesson" ("broadcast_id");`)
    this.addSql(`create index "lesson_recording_id_index" on "lesson" ("recording_id");`)
    this.addSql(`create index "lesson_content_type_index" on "lesson" ("content_type");`)
    this.addSql(
      `alter table "lesson" add constraint "lesson_module_order_unique" unique ("module_id", "order") deferrable initially immediate;`,
    )

    this.addSql(
      `create table "submission" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "lesson_id" int not null, "user_id" int not null, "text" text not null default '', "files" jsonb not null default '[]', "grade" int null, "comment" text not null default '', "graded_by_id" int null, "graded_at" timestamptz null);`,
    )
    this.addSql(`create index "submission_lesson_id_created_at_index" on "submission" ("lesson_id", "created_at");`)
    this.addSql(`create index "submission_user_id_created_at_index" on "submission" ("user_id", "created_at");`)

    this.addSql(
      `create table "quiz_attempt" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "lesson_id" int not null, "user_id" int not null, "number" int not null, "answers" jsonb not null, "score" int not null, "is_passed" boolean not null);`,
    )
    this.addSql(
      `alter table "quiz_attempt" add constraint "quiz_attempt_lesson_id_user_id_number_unique" unique ("lesson_id", "user_id", "number");`,
    )

    this.addSql(
      `create table "lesson_progress" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "lesson_id" int not null, "user_id" int not null, "status" text not null default 'not_started', "progress" int not null default 0, "attempts" int not null default 0, "position_seconds" double precision not null default 0, "watched_ranges" jsonb not null default '[]', "watched_seconds" double precision not null default 0, "started_at" timestamptz null, "completed_at" timestamptz null, "last_activity" timestamptz not null);`,
    )
    this.addSql(`create index "lesson_progress_user_id_status_index" on "lesson_progress" ("user_id", "status");`)
    this.addSql(`create index "lesson_progress_lesson_id_status_index" on "lesson_progress" ("lesson_id", "status");`)
    this.addSql(`create index "lesson_progress_last_activity_index" on "lesson_progress" ("last_activity");`)
    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_lesson_id_user_id_unique" unique ("lesson_id", "user_id");`,
    )

    this.addSql(
      `create table "enrollment" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "course_id" int not null, "user_id" int not null, "status" text not null default 'active', "source" text not null, "payment_id" varchar(24) null, "progress_percent" int not null default 0, "last_lesson_id" int null, "enrolled_at" timestamptz not null, "completed_at" timestamptz null);`,
    )
    this.addSql(`create index "enrollment_payment_id_index" on "enrollment" ("payment_id");`)
    this.addSql(`create index "enrollment_last_lesson_id_index" on "enrollment" ("last_lesson_id");`)
    this.addSql(`create index "enrollment_user_id_status_index" on "enrollment" ("user_id", "status");`)
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_course_id_user_id_unique" unique ("course_id", "user_id");`,
    )

    this.addSql(
      `create table "audit_log" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "actor_id" int null, "action" varchar(60) not null, "object" varchar(80) not null, "details" jsonb not null default '{}', "address" varchar(45) not null default '');`,
    )
    this.addSql(`create index "audit_log_actor_id_index" on "audit_log" ("actor_id");`)
    this.addSql(`create index "audit_log_created_at_index" on "audit_log" ("created_at");`)
    this.addSql(`create index "audit_log_action_created_at_index" on "audit_log" ("action", "created_at");`)
    this.addSql(`create index "audit_log_object_created_at_index" on "audit_log" ("object", "created_at");`)

    this.addSql(
      `create table "webhook_event" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "provider" varchar(20) not null, "event_id" varchar(255) not null, "type" varchar(100) not null, "payload" jsonb not null, "processed_at" timestamptz null);`,
    )
    this.addSql(
      `alter table "webhook_event" add constraint "webhook_event_provider_event_id_unique" unique ("provider", "event_id");`,
    )

    this.addSql(
      `create table "work_experience" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "profile_id" int not null, "company" varchar(255) not null, "position" varchar(200) not null, "description" text not null default '', "start_date" date not null, "end_date" date null);`,
    )
    this.addSql(
      `create index "work_experience_profile_id_end_date_index" on "work_experience" ("profile_id", "end_date");`,
    )

    this.addSql(
      `alter table "category" add constraint "category_parent_id_foreign" foreign key ("parent_id") references "category" ("id") on delete cascade;`,
    )
    this.addSql(`alter table "category" add constraint "category_is_not_its_own_parent" check (parent_id <> id);`)

    this.addSql(
      `alter table "education" add constraint "education_profile_id_foreign" foreign key ("profile_id") references "profile" ("id") on delete cascade;`,
    )
    this.addSql(`alter table "education" add constraint "education_ends_after_start" check (end_date >= start_date);`)

    this.addSql(
      `alter table "custom_url_history" add constraint "custom_url_history_profile_id_foreign" foreign key ("profile_id") references "profile" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "media_asset" add constraint "media_asset_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete set null;`,
    )
    this.addSql(`alter table "media_asset" add constraint "media_asset_size_positive" check (size_bytes >= 0);`)
    this.addSql(
      `alter table "media_asset" add constraint "media_asset_visibility_check" check ("visibility" in ('public', 'private'));`,
    )

    this.addSql(
      `alter table "course" add constraint "course_category_id_foreign" foreign key ("category_id") references "category" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "course" add constraint "course_preview_asset_id_foreign" foreign key ("preview_asset_id") references "media_asset" ("id") on delete set null;`,
    )
    this.addSql(`alter table "course" add constraint "course_price_positive" check (price >= (0)::numeric);`)
    this.addSql(
      `alter table "course" add constraint "course_rating_range" check (average_rating >= (0)::numeric and average_rating <= (5)::numeric);`,
    )
    this.addSql(
      `alter table "course" add constraint "course_counts_positive" check (students_count >= 0 and reviews_count >= 0 and total_lessons >= 0 and duration_hours >= 0 and duration_minutes >= 0);`,
    )
    this.addSql(
      `alter table "course" add constraint "course_status_check" check ("status" in ('draft', 'review', 'published', 'archived'));`,
    )
    this.addSql(`alter table "course" add constraint "course_type_check" check ("type" in ('video', 'text', 'mixed'));`)
    this.addSql(
      `alter table "course" add constraint "course_difficulty_check" check ("difficulty" in ('beginner', 'intermediate', 'advanced'));`,
    )

    this.addSql(
      `alter table "review" add constraint "review_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "review" add constraint "review_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete restrict;`,
    )
    this.addSql(`alter table "review" add constraint "review_rating_range" check (rating >= 1 and rating <= 5);`)

    this.addSql(
      `alter table "review_report" add constraint "review_report_review_id_foreign" foreign key ("review_id") references "review" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "review_report" add constraint "review_report_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "promo_code" add constraint "promo_code_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "promo_code" add constraint "promo_code_created_by_id_foreign" foreign key ("created_by_id") references "users" ("id") on delete set null;`,
    )
    this.addSql(`alter table "promo_code" add constraint "promo_code_upper_case" check (code = upper(btrim(code)));`)
    this.addSql(
      `alter table "promo_code" add constraint "promo_code_percent_range" check (percent >= 1 and percent <= 100);`,
    )
    this.addSql(`alter table "promo_code" add constraint "promo_code_amount_positive" check (amount > (0)::numeric);`)
    this.addSql(
      `alter table "promo_code" add constraint "promo_code_percent_or_amount" check ((percent is null) <> (amount is null));`,
    )
    this.addSql(`alter table "promo_code" add constraint "promo_code_uses" check (used >= 0 and used <= max_uses);`)

    this.addSql(
      `alter table "payment" add constraint "payment_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "payment" add constraint "payment_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "payment" add constraint "payment_promo_code_id_foreign" foreign key ("promo_code_id") references "promo_code" ("id") on delete set null;`,
    )
    this.addSql(
      `alter table "payment" add constraint "payment_amounts" check (amount >= (0)::numeric and refunded_amount >= (0)::numeric and refunded_amount <= amount);`,
    )
    this.addSql(
      `alter table "payment" add constraint "payment_status_check" check ("status" in ('pending', 'completed', 'failed', 'refunded'));`,
    )

    this.addSql(
      `alter table "revenue" add constraint "revenue_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "revenue" add constraint "revenue_payment_id_foreign" foreign key ("payment_id") references "payment" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "revenue" add constraint "revenue_transaction_type_check" check ("transaction_type" in ('sale', 'refund', 'affiliate'));`,
    )

    this.addSql(
      `alter table "module" add constraint "module_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete cascade;`,
    )
    this.addSql(`alter table "module" add constraint "module_order_positive" check ("order" >= 0);`)

    this.addSql(
      `alter table "course_tags" add constraint "course_tags_course_id_foreign" foreign key ("course_id") references "course" ("id") on update cascade on delete cascade;`,
    )
    this.addSql(
      `alter table "course_tags" add constraint "course_tags_tag_id_foreign" foreign key ("tag_id") references "tag" ("id") on update cascade on delete cascade;`,
    )

    this.addSql(
      `alter table "course_user_role" add constraint "course_user_role_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "course_user_role" add constraint "course_user_role_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "course_user_role" add constraint "course_user_role_role_check" check ("role" in ('teacher', 'producer', 'assistant'));`,
    )

    this.addSql(
      `alter table "lesson" add constraint "lesson_module_id_foreign" foreign key ("module_id") references "module" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "lesson" add constraint "lesson_file_id_foreign" foreign key ("file_id") references "media_asset" ("id") on delete set null;`,
    )
    this.addSql(
      `alter table "lesson" add constraint "lesson_broadcast_id_foreign" foreign key ("broadcast_id") references "broadcast" ("id") on delete set null;`,
    )
    this.addSql(
      `alter table "lesson" add constraint "lesson_recording_id_foreign" foreign key ("recording_id") references "recording" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "lesson" add constraint "lesson_numbers_positive" check ("order" >= 0 and duration_minutes >= 0);`,
    )
    this.addSql(
      `alter table "lesson" add constraint "lesson_content_type_check" check ("content_type" in ('video', 'text', 'quiz', 'assignment'));`,
    )

    this.addSql(
      `alter table "submission" add constraint "submission_lesson_id_foreign" foreign key ("lesson_id") references "lesson" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "submission" add constraint "submission_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "submission" add constraint "submission_graded_by_id_foreign" foreign key ("graded_by_id") references "users" ("id") on delete set null;`,
    )
    this.addSql(`alter table "submission" add constraint "submission_grade_positive" check (grade >= 0);`)

    this.addSql(
      `alter table "quiz_attempt" add constraint "quiz_attempt_lesson_id_foreign" foreign key ("lesson_id") references "lesson" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "quiz_attempt" add constraint "quiz_attempt_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "quiz_attempt" add constraint "quiz_attempt_score_range" check (score >= 0 and score <= 100);`,
    )

    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_lesson_id_foreign" foreign key ("lesson_id") references "lesson" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_range" check (progress >= 0 and progress <= 100);`,
    )
    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_attempts_positive" check (attempts >= 0);`,
    )
    this.addSql(
      `alter table "lesson_progress" add constraint "lesson_progress_status_check" check ("status" in ('not_started', 'in_progress', 'completed'));`,
    )

    this.addSql(
      `alter table "enrollment" add constraint "enrollment_course_id_foreign" foreign key ("course_id") references "course" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_payment_id_foreign" foreign key ("payment_id") references "payment" ("id") on delete restrict;`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_last_lesson_id_foreign" foreign key ("last_lesson_id") references "lesson" ("id") on delete set null;`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_progress_range" check (progress_percent >= 0 and progress_percent <= 100);`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_status_check" check ("status" in ('active', 'completed', 'refunded', 'revoked', 'expired'));`,
    )
    this.addSql(
      `alter table "enrollment" add constraint "enrollment_source_check" check ("source" in ('free', 'payment', 'manual', 'promo'));`,
    )

    this.addSql(
      `alter table "audit_log" add constraint "audit_log_actor_id_foreign" foreign key ("actor_id") references "users" ("id") on delete set null;`,
    )

    this.addSql(
      `alter table "work_experience" add constraint "work_experience_profile_id_foreign" foreign key ("profile_id") references "profile" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "work_experience" add constraint "work_experience_ends_after_start" check (end_date >= start_date);`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "category" drop constraint "category_parent_id_foreign";`)
    this.addSql(`alter table "course" drop constraint "course_category_id_foreign";`)
    this.addSql(`alter table "course_tags" drop constraint "course_tags_tag_id_foreign";`)
    this.addSql(`alter table "course" drop constraint "course_preview_asset_id_foreign";`)
    this.addSql(`alter table "lesson" drop constraint "lesson_file_id_foreign";`)
    this.addSql(`alter table "review" drop constraint "review_course_id_foreign";`)
    this.addSql(`alter table "promo_code" drop constraint "promo_code_course_id_foreign";`)
    this.addSql(`alter table "payment" drop constraint "payment_course_id_foreign";`)
    this.addSql(`alter table "revenue" drop constraint "revenue_course_id_foreign";`)
    this.addSql(`alter table "module" drop constraint "module_course_id_foreign";`)
    this.addSql(`alter table "course_tags" drop constraint "course_tags_course_id_foreign";`)
    this.addSql(`alter table "course_user_role" drop constraint "course_user_role_course_id_foreign";`)
    this.addSql(`alter table "enrollment" drop constraint "enrollment_course_id_foreign";`)
    this.addSql(`alter table "review_report" drop constraint "review_report_review_id_foreign";`)
    this.addSql(`alter table "payment" drop constraint "payment_promo_code_id_foreign";`)
    this.addSql(`alter table "revenue" drop constraint "revenue_payment_id_foreign";`)
    this.addSql(`alter table "enrollment" drop constraint "enrollment_payment_id_foreign";`)
    this.addSql(`alter table "lesson" drop constraint "lesson_module_id_foreign";`)
    this.addSql(`alter table "submission" drop constraint "submission_lesson_id_foreign";`)
    this.addSql(`alter table "quiz_attempt" drop constraint "quiz_attempt_lesson_id_foreign";`)
    this.addSql(`alter table "lesson_progress" drop constraint "lesson_progress_lesson_id_foreign";`)
    this.addSql(`alter table "enrollment" drop constraint "enrollment_last_lesson_id_foreign";`)

    this.addSql(`drop table if exists "category" cascade;`)
    this.addSql(`drop table if exists "setting" cascade;`)
    this.addSql(`drop table if exists "tag" cascade;`)
    this.addSql(`drop table if exists "education" cascade;`)
    this.addSql(`drop table if exists "custom_url_history" cascade;`)
    this.addSql(`drop table if exists "media_asset" cascade;`)
    this.addSql(`drop table if exists "course" cascade;`)
    this.addSql(`drop table if exists "review" cascade;`)
    this.addSql(`drop table if exists "review_report" cascade;`)
    this.addSql(`drop table if exists "promo_code" cascade;`)
    this.addSql(`drop table if exists "payment" cascade;`)
    this.addSql(`drop table if exists "revenue" cascade;`)
    this.addSql(`drop table if exists "module" cascade;`)
    this.addSql(`drop table if exists "course_tags" cascade;`)
    this.addSql(`drop table if exists "course_user_role" cascade;`)
    this.addSql(`drop table if exists "lesson" cascade;`)
    this.addSql(`drop table if exists "submission" cascade;`)
    this.addSql(`drop table if exists "quiz_attempt" cascade;`)
    this.addSql(`drop table if exists "lesson_progress" cascade;`)
    this.addSql(`drop table if exists "enrollment" cascade;`)
    this.addSql(`drop table if exists "audit_log" cascade;`)
    this.addSql(`drop table if exists "webhook_event" cascade;`)
    this.addSql(`drop table if exists "work_experience" cascade;`)
  }
}
