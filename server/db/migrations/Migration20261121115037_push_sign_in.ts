import { Migration } from '@mikro-orm/migrations'

export class Migration20261121115037_push_sign_in extends Migration {
  override name = 'Migration20261121115037_push_sign_in'

  override up(): void | Promise<void> {
    // Of which sign-in the ones before are nobody knows: their browsers say it again on their next visit.
    this.addSql(`delete from "push_subscription";`)
    this.addSql(`alter table "push_subscription" add "family" varchar(16) not null;`)
    this.addSql(`create index "push_subscription_family_index" on "push_subscription" ("family");`)
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "push_subscription_family_index";`)
    this.addSql(`alter table "push_subscription" drop column "family";`)
  }
}
