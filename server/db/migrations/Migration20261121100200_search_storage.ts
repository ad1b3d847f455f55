import { Migration } from '@mikro-orm/migrations'

/** A compressed text would be unpacked for each course that a search looks at: that cost more than all the rest. */
export class Migration20261121100200_search_storage extends Migration {
  override name = 'Migration20261121100200_search_storage'

  override up(): void | Promise<void> {
    this.addSql(`alter table "course" alter column "search" set storage external;`)
    this.addSql(`alter table "course" set (toast_tuple_target = 8160);`)
    this.addSql(`update "course" set "search" = course_search_text(id, title, description);`)
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "course" reset (toast_tuple_target);`)
    this.addSql(`alter table "course" alter column "search" set storage extended;`)
  }
}
