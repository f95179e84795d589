import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { maxNameLength } from './create-file-task.js';
import { offlineFileOf } from './offline-file.js';

/** Most announcements claimed by one call. */
const maxClaimed = 1_000;

/**
 * Requests the announcement of an uploaded file (0x050b; client-behaviour.md#offline-uploads). `done`: the upload is
 * complete, and the caller must notify the receiver and confirm it. `remembered`: it is not complete yet. Neither: no
 * upload of this task from this sender to this receiver. From now on the file has the name it is announced with: Windows
 * creates the task with a whole path.
 */
export function addOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.OfflineFile) => Promise<teamtalk.db.OfflineFileReply.$Properties> {
  return async ({ fromUserId, toUserId, taskId, fileName }) => {
    const name = isStorableText(fileName, maxNameLength) ? fileName : '';
    const row = taskId.includes('\0')
      ? undefined
      : await offlineFiles.announce(taskId, fromUserId, toUserId, name);
    if (!row) return { done: false };
    return row.complete ? { done: true, file: offlineFileOf(row) } : { done: false, remembered: true };
  };
}

/** Claims complete uploads whose receivers have not been notified. */
export function claimFileAnnouncements({
  offlineFiles,
}: Context): (
  request: teamtalk.db.ClaimFileAnnouncementsRequest,
) => Promise<teamtalk.db.OfflineFileList.$Properties> {
  return async ({ limit }) => ({
    files: (await offlineFiles.claimAnnouncements(Math.min(limit, maxClaimed))).map(offlineFileOf),
  });
}

/** Confirms that the receivers have been notified, so that nobody notifies them again. */
export function confirmFileAnnouncements({
  offlineFiles,
}: Context): (request: teamtalk.db.FileTaskIds) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ taskIds }) => ({ done: await offlineFiles.confirmAnnouncements(taskIds) });
}
