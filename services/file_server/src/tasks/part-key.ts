import { randomBytes } from 'node:crypto';

const folder = 'offline-files';

/** The key prefix of all blobs of a task. */
export function taskPrefix(taskId: string): string {
  return `${folder}/${taskId}/`;
}

/** A key for the part that begins at `start`. Unique for each call, so that no upload overwrites another's part. */
export function newPartKey(taskId: string, start: number): string {
  const place = String(start).padStart(10, '0');
  return `${taskPrefix(taskId)}${place}-${randomBytes(8).toString('hex')}`;
}
