import { Migration } from '@mikro-orm/migrations'

export class Migration20261121084527_user_language extends Migration {
  override name = 'Migration20261121084527_user_language'

  override up(): void | Promise<void> {
    this.addSql(`alter table "users" add "language" text not null default 'ru';`)
    this.addSql(`alter table "users" add constraint "users_language_check" check ("language" in ('ru', 'en'));`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "users" drop constraint "users_language_check";`)
    this.addSql(`alter table "users" drop column "language";`)
  }
}
