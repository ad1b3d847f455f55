import { Migration } from '@mikro-orm/migrations'

export class Migration20261121174444_thumbnail_sizes extends Migration {
  override name = 'Migration20261121174444_thumbnail_sizes'

  override up(): void | Promise<void> {
    this.addSql(`alter table "recording" add "thumbnail_widths" jsonb not null default '[]';`)
    this.addSql(`alter table "video" add "thumbnail_widths" jsonb not null default '[]';`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "recording" drop column "thumbnail_widths";`)
    this.addSql(`alter table "video" drop column "thumbnail_widths";`)
  }
}
