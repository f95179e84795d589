import { randomBytes } from 'node:crypto';

const folder = 'offline-files';

/** What the keys of all blobs of a task begin with. */
export function taskPrefix(taskId: string): string {
  return `${folder}/${taskId}/`;
}

/** A key for the part that begins at `start`. New at each call: no upload overwrites what another one stored. */
export function newPartKey(taskId: string, start: number): string {
  const place = String(start).padStart(10, '0');
  return `${taskPrefix(taskId)}${place}-${randomBytes(8).toString('hex')}`;
}
