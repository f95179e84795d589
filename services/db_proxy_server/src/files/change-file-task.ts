import { teamtalk } from '@teamtalk/rpc';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Context } from '../context.js';

type Changed = Promise<teamtalk.db.ChangeReply.$Properties>;

/** Expired tasks in one list. */
const maxExpired = 1_000;

/** The next part of an upload; not done: it does not begin where the last one ended, or the task is over. */
export function addFilePart({ fileTasks }: Context): (request: teamtalk.db.AddFilePartRequest) => Changed {
  return async ({ taskId, part, lifetimeMs }) => {
    if (!part) throw new TeamTalkError('invalid-argument', 'a part is missing');
    const { start, size, key, sha256 } = new teamtalk.db.FilePart(part);
    return { done: await fileTasks.addPart(taskId, { start, size, key, sha256 }, lifetimeMs) };
  };
}

/** Takes back parts of an upload that turned out not to be readable. */
export function cutFileParts({ fileTasks }: Context): (request: teamtalk.db.CutFilePartsRequest) => Changed {
  return async ({ taskId, start }) => ({ done: await fileTasks.cut(taskId, start) });
}

/** From now on the file waits for its receiver; not done: bytes are missing, or the task is over. */
export function completeFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.CompleteFileTaskRequest) => Changed {
  return async ({ taskId, sha256, lifetimeMs }) => ({
    done: await fileTasks.complete(taskId, sha256, lifetimeMs),
  });
}

/** Begins a task's time anew, or ends it. */
export function extendFileTask({
  fileTasks,
}: Context): (request: teamtalk.db.ExtendFileTaskRequest) => Changed {
  return async ({ taskId, lifetimeMs }) => ({ done: await fileTasks.extend(taskId, lifetimeMs) });
}

/** Tasks whose time is over, for whoever removes what is stored of them. */
export function listExpiredFileTasks({
  fileTasks,
}: Context): (
  request: teamtalk.db.ListExpiredFileTasksRequest,
) => Promise<teamtalk.db.FileTaskIds.$Properties> {
  return async ({ limit }) => ({ taskIds: await fileTasks.expired(Math.min(limit, maxExpired)) });
}

/** Forgets tasks whose time is over. */
export function removeFileTasks({ fileTasks }: Context): (request: teamtalk.db.FileTaskIds) => Changed {
  return async ({ taskIds }) => ({ done: await fileTasks.remove(taskIds) });
}
