import { teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

type Changed = Promise<teamtalk.db.ChangeReply.$Properties>;

/** Most expired tasks in one reply. */
const maxExpired = 1_000;

/** Adds the next part of an upload; refused if it leaves a gap or the task has expired. */
export function addFilePart({ fileTasks }: Context): (request: teamtalk.db.AddFilePartRequest) => Changed {
  return async ({ taskId, part, lifetimeMs }) => {
    if (!part) throw new TeamTalkError('invalid-argument', 'a part is missing');
    const { start, size, key, sha256 } = new teamtalk.db.FilePart(part);
    return { done: await fileTasks.addPart(taskId, { start, size, key, sha256 }, lifetimeMs) };
  };
}

/** Removes parts of an upload that turned out to be unreadable. */
export function cutFileParts({ fileTasks }: Context): (request: teamtalk.db.CutFilePartsRequest) => Changed {
  return async ({ taskId, start }) => ({ done: await fileTasks.cut(taskId, start) });
}

/** Completes an upload, so that the receiver can fetch it; refused if bytes are missing or the task has expired. */
export function completeFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.CompleteFileTaskRequest) => Changed {
  return async ({ taskId, sha256, lifetimeMs }) => ({
    done: await fileTasks.complete(taskId, sha256, lifetimeMs),
  });
}

/** Renews a task's lifetime, or ends it. */
export function extendFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.ExtendFileTaskRequest) => Changed {
  return async ({ taskId, lifetimeMs }) => ({ done: await fileTasks.extend(taskId, lifetimeMs) });
}

/** Expired tasks, for the file_server that deletes their blobs. */
export function listExpiredFileTasks({
  fileTasks,
}: Context): (
  request: teamtalk.db.ListExpiredFileTasksRequest,
) => Promise<teamtalk.db.FileTaskIds.$Properties> {
  return async ({ limit }) => ({ taskIds: await fileTasks.expired(Math.min(limit, maxExpired)) });
}

/** Removes expired tasks. */
export function removeFileTasks({ fileTasks }: Context): (request: teamtalk.db.FileTaskIds) => Changed {
  return async ({ taskIds }) => ({ done: await fileTasks.remove(taskIds) });
}
