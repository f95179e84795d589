import type { teamtalk } from '@teamtalk/rpc';
import type { Context } from '../context.js';
import { offlineFileOf } from './offline-file.js';

/** Announcements one caller may take at once. */
const maxClaimed = 1_000;

/**
 * A file was uploaded for somebody (0x050b; client-behaviour.md#offline-uploads). Done: the upload is complete, and the
 * caller tells the receiver and confirms that. Remembered: it is not complete yet. Neither: there is no upload of this
 * task from this sender to this receiver.
 */
export function addOfflineFile({
  offlineFiles,
}: Context): (request: teamtalk.db.OfflineFile) => Promise<teamtalk.db.OfflineFileReply.$Properties> {
  return async ({ fromUserId, toUserId, taskId }) => {
    const row = taskId.includes('\0') ? undefined : await offlineFiles.announce(taskId, fromUserId, toUserId);
    if (!row) return { done: false };
    return row.complete ? { done: true, file: offlineFileOf(row) } : { done: false, remembered: true };
  };
}

/** Complete uploads whose receivers have not been told, for whoever tells them. */
export function claimFileAnnouncements({
  offlineFiles,
}: Context): (
  request: teamtalk.db.ClaimFileAnnouncementsRequest,
) => Promise<teamtalk.db.OfflineFileList.$Properties> {
  return async ({ limit }) => ({
    files: (await offlineFiles.claimAnnouncements(Math.min(limit, maxClaimed))).map(offlineFileOf),
  });
}

/** Their receivers have been told: nobody else is to. */
export function confirmFileAnnouncements({
  offlineFiles,
}: Context): (request: teamtalk.db.FileTaskIds) => Promise<teamtalk.db.ChangeReply.$Properties> {
  return async ({ taskIds }) => ({ done: await offlineFiles.confirmAnnouncements(taskIds) });
}
