import { Migration } from '@mikro-orm/migrations'

export class Migration20261121151800_channel_picture extends Migration {
  override name = 'Migration20261121151800_channel_picture'

  override up(): void | Promise<void> {
    this.addSql(`alter table "channel" add "picture" varchar(255) null;`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "channel" drop column "picture";`)
  }
}
