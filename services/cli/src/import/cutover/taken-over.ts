import type { TargetSession } from '../target/database.js';

/** Tables that are kept as they were when the new servers took over: what differs later is theirs. */
export const keptAtCutover = [
  'conversation',
  'im_user',
  'department',
  'chat_group',
  'group_member',
  'discovery_item',
  'device_token',
  'file_task',
] as const;

/** Keeps what the new servers begin with, so that what they change can be brought back to the old store. */
export async function keepAsTakenOver(session: TargetSession): Promise<void> {
  for (const table of keptAtCutover) {
    await session.run(`CREATE TABLE legacy_import.before_${table} AS SELECT * FROM ${table}`);
  }
  await session.run('ALTER TABLE legacy_import.before_conversation ADD PRIMARY KEY (conv)');
  await session.run('SET LOCAL synchronous_commit = on');
}
