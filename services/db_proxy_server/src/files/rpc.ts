import { type Handlers, type files as service, teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';
import { isStorableText } from '../database/text.js';
import { createFileTask, maxNameLength } from './create-file-task.js';
import { fileTaskOf } from './file-task.js';
import type { OfflineFileRow } from './offline-files.js';

const { FILE_TASK_OK, FILE_TASK_UNKNOWN } = teamtalk.db.FileTaskResult;

/** Most announcements claimed by one call. */
const maxClaimed = 1_000;
/** Most expired tasks in one reply. */
const maxExpired = 1_000;

/** The gRPC service Files. */
export function filesRpc(context: Context): Handlers<typeof service> {
  const { fileTasks, offlineFiles } = context;
  return {
    /**
     * Requests the announcement of an uploaded file (0x050b; client-behaviour.md#offline-uploads). `done`: the upload is
     * complete, and the caller must notify the receiver and confirm it. `remembered`: it is not complete yet. Neither: no
     * upload of this task from this sender to this receiver. From now on the file has the name it is announced with: Windows
     * creates the task with a whole path.
     */
    async addOfflineFile({ fromUserId, toUserId, taskId, fileName }) {
      if (taskId.includes('\0')) return { done: false };
      const name = isStorableText(fileName, maxNameLength) ? fileName : '';
      const row = await offlineFiles.announce(taskId, fromUserId, toUserId, name);
      if (!row) return { done: false };
      return row.complete ? { done: true, file: offlineFileOf(row) } : { done: false, remembered: true };
    },

    /** Claims complete uploads whose receivers have not been notified. */
    async claimFileAnnouncements({ limit }) {
      return {
        files: (await offlineFiles.claimAnnouncements(Math.min(limit, maxClaimed))).map(offlineFileOf),
      };
    },

    /** Confirms that the receivers have been notified, so that nobody notifies them again. */
    async confirmFileAnnouncements({ taskIds }) {
      return { done: await offlineFiles.confirmAnnouncements(taskIds) };
    },

    /** The 500 oldest files that wait for a user (0x0509; client-behaviour.md#offline-downloads), oldest first. */
    async listOfflineFiles({ userId }) {
      return { files: (await offlineFiles.waitingFor(userId)).map(offlineFileOf) };
    },

    /**
     * Removes a file from its receiver's list (0x050c; client-behaviour.md#offline-downloads). Refused unless a file of this
     * task from this sender waits for this receiver.
     */
    async deleteOfflineFile({ userId, fromUserId, taskId, address }) {
      return {
        done: !taskId.includes('\0') && (await offlineFiles.delete(taskId, fromUserId, userId, address)),
      };
    },

    createFileTask: createFileTask(context),

    /** A file transfer, on request with the parts of its upload. */
    async getFileTask({ taskId, withParts }) {
      const row = taskId.includes('\0') ? undefined : await fileTasks.find(taskId);
      if (!row) return { result: FILE_TASK_UNKNOWN };
      const parts = withParts ? await fileTasks.parts(taskId) : [];
      return { result: FILE_TASK_OK, task: { ...fileTaskOf(row), parts } };
    },

    /** Adds the next part of an upload; refused if it leaves a gap or the task has expired. */
    async addFilePart({ taskId, part, lifetimeMs, maxTotalBytes }) {
      if (!part) throw new TeamTalkError('invalid-argument', 'a part is missing');
      const { start, size, key, sha256 } = new teamtalk.db.FilePart(part);
      const next = { start, size, key, sha256 };
      const outcome = await fileTasks.addPart(taskId, next, lifetimeMs, maxTotalBytes);
      return { done: outcome === 'added', full: outcome === 'full' };
    },

    /** Removes parts of an upload that turned out to be unreadable. */
    async cutFileParts({ taskId, start }) {
      return { done: await fileTasks.cut(taskId, start) };
    },

    /** Completes an upload, so that the receiver can fetch it; refused if bytes are missing or the task has expired. */
    async completeFileTask({ taskId, sha256, lifetimeMs }) {
      return { done: await fileTasks.complete(taskId, sha256, lifetimeMs) };
    },

    /** Renews a task's lifetime, or ends it. */
    async extendFileTask({ taskId, lifetimeMs }) {
      return { done: await fileTasks.extend(taskId, lifetimeMs) };
    },

    /** Expired tasks, for the file_server that deletes their blobs. */
    async listExpiredFileTasks({ limit }) {
      return { taskIds: await fileTasks.expired(Math.min(limit, maxExpired)) };
    },

    /** Removes expired tasks. */
    async removeFileTasks({ taskIds }) {
      return { done: await fileTasks.remove(taskIds) };
    },
  };
}

function offlineFileOf(row: OfflineFileRow): teamtalk.db.OfflineFile.$Properties {
  return {
    fromUserId: row.from_id,
    toUserId: row.to_id,
    taskId: row.task_id,
    fileName: row.name,
    fileSize: row.size,
  };
}
