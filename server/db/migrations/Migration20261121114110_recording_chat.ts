import { Migration } from '@mikro-orm/migrations'

/**
 * The chat of a show is written beside its recording, and anew whenever a message of it is changed, whoever changes it: by
 * triggers, so that no way to take a message back forgets it.
 */
export class Migration20261121114110_recording_chat extends Migration {
  override name = 'Migration20261121114110_recording_chat'

  override up(): void | Promise<void> {
    this.addSql(`alter table "recording" add "chat_pieces" int not null default 0, add "chat_due_at" timestamptz null;`)
    this.addSql(`create index "recording_chat_due" on "recording" ("chat_due_at") where chat_due_at is not null;`)
    this.addSql(`update "recording" set "chat_due_at" = now() where "status" = 'ready';`)
    // A minute to spare on both sides: a message may belong to the picture of a moment before it was sent.
    this.addSql(`create function recording_chat_changed() returns trigger language plpgsql as $$
begin
  update recording r set chat_due_at = clock_timestamp()
    from broadcast b
   where b.id = r.broadcast_id
     and r.channel_id in (select substring(c.room from '^channel-(\\d{1,9})$')::int from changed c)
     and exists (select from changed c
                  where c.room = 'channel-' || r.channel_id
                    and c.sent_at between b.started_at - interval '1 minute'
                                      and coalesce(b.ended_at, 'infinity') + interval '1 minute');
  return null;
end $$;`)
    this.addSql(
      `create trigger recording_chat_updated after update on chat_message referencing new table as changed for each statement execute function recording_chat_changed();`,
    )
    this.addSql(
      `create trigger recording_chat_deleted after delete on chat_message referencing old table as changed for each statement execute function recording_chat_changed();`,
    )
    // Whoever leaves takes their name along.
    this.addSql(`create function recording_chat_left() returns trigger language plpgsql as $$
begin
  update recording r set chat_due_at = clock_timestamp()
    from broadcast b
   where b.id = r.broadcast_id
     and exists (select from chat_message m
                  where m.author_id = new.id and m.room = 'channel-' || r.channel_id
                    and m.sent_at between b.started_at - interval '1 minute'
                                      and coalesce(b.ended_at, 'infinity') + interval '1 minute');
  return null;
end $$;`)
    this.addSql(
      `create trigger recording_chat_left after update of deleted_at on users for each row when (old.deleted_at is null and new.deleted_at is not null) execute function recording_chat_left();`,
    )
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger recording_chat_left on users;`)
    this.addSql(`drop trigger recording_chat_deleted on chat_message;`)
    this.addSql(`drop trigger recording_chat_updated on chat_message;`)
    this.addSql(`drop function recording_chat_left();`)
    this.addSql(`drop function recording_chat_changed();`)
    this.addSql(`drop index "recording_chat_due";`)
    this.addSql(`alter table "recording" drop column "chat_pieces", drop column "chat_due_at";`)
  }
}
