import { Migration } from '@mikro-orm/migrations'

export class Migration20261121093840_sandbox extends Migration {
  override name = 'Migration20261121093840_sandbox'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "sandbox_session" ("id" varchar(24) not null, "created_at" timestamptz not null, "updated_at" timestamptz not null, "transaction_id" varchar(100) not null, "title" varchar(200) not null, "amount" int not null, "currency" varchar(3) not null, "status" text not null default 'open', "refunded" int not null default 0, "refunds" jsonb not null default '{}', "return_url" varchar(2000) not null, "expires_at" timestamptz not null, primary key ("id"));`,
    )
    this.addSql(
      `alter table "sandbox_session" add constraint "sandbox_session_transaction_id_unique" unique ("transaction_id");`,
    )

    this.addSql(
      `alter table "sandbox_session" add constraint "sandbox_session_amounts" check (refunded >= 0 and refunded <= amount);`,
    )
    this.addSql(
      `alter table "sandbox_session" add constraint "sandbox_session_status_check" check ("status" in ('open', 'paid', 'failed', 'expired'));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "sandbox_session" cascade;`)
  }
}
