import { Migration } from '@mikro-orm/migrations'

export class Migration20261121111344_library_files extends Migration {
  override name = 'Migration20261121111344_library_files'

  override up(): void | Promise<void> {
    this.addSql(
      `create table "library_file" ("id" serial primary key, "created_at" timestamptz not null, "updated_at" timestamptz not null, "path" text not null, "size_bytes" bigint not null, "sha256" varchar(64) null, "key" varchar(255) null, "stamp" text null, "unfinished" text null, "problem" text null);`,
    )
    this.addSql(`alter table "library_file" add constraint "library_file_path_unique" unique ("path");`)
    this.addSql(`create index "library_file_sha256_index" on "library_file" ("sha256");`)

    this.addSql(`alter table "library_file" add constraint "library_file_size_positive" check (size_bytes >= 0);`)
    this.addSql(
      `alter table "library_file" add constraint "library_file_path_length" check (octet_length(path) between 1 and 1024);`,
    )
    this.addSql(
      `alter table "library_file" add constraint "library_file_stored_whole" check ((key is null) = (sha256 is null));`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "library_file" cascade;`)
  }
}
