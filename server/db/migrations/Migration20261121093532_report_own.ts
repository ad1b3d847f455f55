import { Migration } from '@mikro-orm/migrations'

export class Migration20261121093532_report_own extends Migration {
  override name = 'Migration20261121093532_report_own'

  override up(): void | Promise<void> {
    this.addSql(`alter table "report" add "is_own" boolean not null default false;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "report" drop column "is_own";`)
  }
}
