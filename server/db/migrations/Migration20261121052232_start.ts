import { Migration } from '@mikro-orm/migrations'

export class Migration20261121052232_start extends Migration {
  override name = 'Migration20261121052232_start'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "media_event" ("id" varchar(64) not null, "received_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(`create index "media_event_received_at_index" on "media_event" ("received_at");`)

    this.addSql(
      `create table "media_node" ("name" varchar(32) not null, "url" varchar(255) not null, "rtmp_url" varchar(255) not null, "last_beat_at" timestamptz not null, primary key ("name"));`,
    )

    this.addSql(
      `create table "users" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "email" varchar(254) not null, "password_hash" varchar(255) not null, "first_name" varchar(50) not null, "last_name" varchar(50) not null, "role" text not null default 'student', "phone" varchar(16) null, "is_verified" boolean not null default false, "is_active" boolean not null default true, "token_version" int not null default 0, "last_login_at" timestamptz null, "deleted_at" timestamptz null);`,
    )
    this.addSql(`alter table "users" add constraint "users_email_unique" unique ("email");`)
    this.addSql(`create index "users_role_index" on "users" ("role");`)
    this.addSql(`create index "users_is_verified_index" on "users" ("is_verified");`)
    this.addSql(`alter table "users" add constraint "users_email_lower_case" check (email = lower(btrim(email)));`)
    this.addSql(
      `alter table "users" add constraint "users_role_check" check ("role" in ('student', 'teacher', 'producer', 'admin'));`,
    )

    this.addSql(
      `create table "profile" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "user_id" int not null, "display_name" varchar(50) not null, "avatar" varchar(255) null, "bio" text not null default '', "custom_url" varchar(50) null, "rating" numeric(3,2) not null default '0.00', "courses_count" int not null default 0, "reviews_count" int not null default 0, "verification_status" text not null default 'pending');`,
    )
    this.addSql(`alter table "profile" add constraint "profile_user_id_unique" unique ("user_id");`)
    this.addSql(`alter table "profile" add constraint "profile_custom_url_unique" unique ("custom_url");`)
    this.addSql(`create index "profile_rating_index" on "profile" ("rating");`)
    this.addSql(`create index "profile_verification_status_index" on "profile" ("verification_status");`)
    this.addSql(
      `alter table "profile" add constraint "profile_rating_range" check (rating >= (0)::numeric and rating <= (5)::numeric);`,
    )
    this.addSql(
      `alter table "profile" add constraint "profile_counts_positive" check (courses_count >= 0 and reviews_count >= 0);`,
    )
    this.addSql(
      `alter table "profile" add constraint "profile_verification_status_check" check ("verification_status" in ('pending', 'verified', 'rejected'));`,
    )

    this.addSql(
      `create table "channel" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "owner_id" int not null, "slug" varchar(50) not null, "title" varchar(100) not null, "description" text not null default '', "stream_key_cipher" varchar(255) not null, "stream_key_hash" varchar(64) not null, "stream_key_rotated_at" timestamptz not null);`,
    )
    this.addSql(`alter table "channel" add constraint "channel_owner_id_unique" unique ("owner_id");`)
    this.addSql(`alter table "channel" add constraint "channel_slug_unique" unique ("slug");`)
    this.addSql(`alter table "channel" add constraint "channel_stream_key_hash_unique" unique ("stream_key_hash");`)

    this.addSql(
      `create table "broadcast" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "channel_id" int not null, "title" varchar(200) not null, "status" text not null default 'scheduled', "visibility" text not null default 'public', "starts_at" timestamptz null, "node" varchar(32) null, "started_at" timestamptz null, "ended_at" timestamptz null, "cause" varchar(50) null, "missed_beats" smallint not null default 0, primary key ("id"));`,
    )
    this.addSql(`create index "broadcast_status_started_at_index" on "broadcast" ("status", "started_at");`)
    this.addSql(`create index "broadcast_channel_id_status_index" on "broadcast" ("channel_id", "status");`)
    this.addSql(
      `create unique index "broadcast_one_live_per_channel" on "broadcast" ("channel_id") where status = 'live';`,
    )
    this.addSql(
      `alter table "broadcast" add constraint "broadcast_status_check" check ("status" in ('scheduled', 'live', 'ended', 'failed'));`,
    )
    this.addSql(
      `alter table "broadcast" add constraint "broadcast_visibility_check" check ("visibility" in ('public', 'enrolled', 'unlisted'));`,
    )

    this.addSql(
      `create table "recording" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "channel_id" int not null, "broadcast_id" varchar(24) not null, "title" varchar(200) not null, "status" text not null default 'live', "visibility" text not null default 'public', "node" varchar(32) null, "duration_seconds" double precision not null default 0, "width" int null, "height" int null, "renditions" jsonb not null default '[]', "size_bytes" bigint not null default '0', "has_thumbnail" boolean not null default false, "has_storyboard" boolean not null default false, primary key ("id"));`,
    )
    this.addSql(`alter table "recording" add constraint "recording_broadcast_id_unique" unique ("broadcast_id");`)
    this.addSql(`create index "recording_channel_id_created_at_index" on "recording" ("channel_id", "created_at");`)
    this.addSql(`create index "recording_status_created_at_index" on "recording" ("status", "created_at");`)
    this.addSql(`alter table "recording" add constraint "recording_size_positive" check (size_bytes >= 0);`)
    this.addSql(
      `alter table "recording" add constraint "recording_status_check" check ("status" in ('live', 'ready', 'failed'));`,
    )
    this.addSql(
      `alter table "recording" add constraint "recording_visibility_check" check ("visibility" in ('public', 'enrolled', 'unlisted'));`,
    )

    this.addSql(
      `create table "auth_token" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "user_id" int not null, "purpose" text not null, "hash" varchar(64) not null, "family" varchar(16) not null, "expires_at" timestamptz not null, "used_at" timestamptz null, "revoked_at" timestamptz null, "replaced_by_id" int null, "user_agent" varchar(200) not null default '', "address" varchar(45) not null default '', "last_seen_at" timestamptz not null, "signed_in_at" timestamptz not null);`,
    )
    this.addSql(`alter table "auth_token" add constraint "auth_token_hash_unique" unique ("hash");`)
    this.addSql(`create index "auth_token_family_index" on "auth_token" ("family");`)
    this.addSql(`create index "auth_token_expires_at_index" on "auth_token" ("expires_at");`)
    this.addSql(`create index "auth_token_user_id_purpose_index" on "auth_token" ("user_id", "purpose");`)
    this.addSql(
      `alter table "auth_token" add constraint "auth_token_purpose_check" check ("purpose" in ('session', 'refresh', 'verify_email', 'reset_password'));`,
    )

    this.addSql(
      `alter table "profile" add constraint "profile_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "channel" add constraint "channel_owner_id_foreign" foreign key ("owner_id") references "users" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "broadcast" add constraint "broadcast_channel_id_foreign" foreign key ("channel_id") references "channel" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "recording" add constraint "recording_channel_id_foreign" foreign key ("channel_id") references "channel" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "recording" add constraint "recording_broadcast_id_foreign" foreign key ("broadcast_id") references "broadcast" ("id") on delete cascade;`,
    )

    this.addSql(
      `alter table "auth_token" add constraint "auth_token_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "auth_token" add constraint "auth_token_replaced_by_id_foreign" foreign key ("replaced_by_id") references "auth_token" ("id") on delete set null;`,
    )
  }
}
