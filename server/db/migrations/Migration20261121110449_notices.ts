import { Migration } from '@mikro-orm/migrations'

export class Migration20261121110449_notices extends Migration {
  override name = 'Migration20261121110449_notices'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "push_subscription" ("id" serial primary key, "user_id" int not null, "endpoint" varchar(1000) not null, "p256dh" varchar(100) not null, "auth" varchar(50) not null, "language" text not null, "created_at" timestamptz not null);`,
    )
    this.addSql(`create index "push_subscription_user_id_index" on "push_subscription" ("user_id");`)
    this.addSql(
      `alter table "push_subscription" add constraint "push_subscription_endpoint_unique" unique ("endpoint");`,
    )

    this.addSql(
      `create table "notification" ("id" serial primary key, "user_id" int not null, "kind" text not null, "cause" varchar(64) not null, "data" jsonb not null, "url" varchar(255) not null, "read_at" timestamptz null, "created_at" timestamptz not null);`,
    )
    this.addSql(`create index "notification_user_id_created_at_index" on "notification" ("user_id", "created_at");`)
    this.addSql(`create index "notification_created_at_index" on "notification" ("created_at");`)
    this.addSql(`create index "notification_unread" on "notification" ("user_id") where read_at is null;`)
    this.addSql(
      `alter table "notification" add constraint "notification_user_id_cause_unique" unique ("user_id", "cause");`,
    )

    this.addSql(`alter table "broadcast" add "announced_at" timestamptz null;`)

    this.addSql(
      `alter table "push_subscription" add constraint "push_subscription_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "push_subscription" add constraint "push_subscription_language_check" check ("language" in ('ru', 'en'));`,
    )

    this.addSql(
      `alter table "notification" add constraint "notification_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade;`,
    )
    this.addSql(
      `alter table "notification" add constraint "notification_kind_check" check ("kind" in ('live', 'lesson', 'graded', 'payment', 'refund'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "push_subscription" cascade;`)
    this.addSql(`drop table if exists "notification" cascade;`)

    this.addSql(`alter table "broadcast" drop column "announced_at";`)
  }
}
