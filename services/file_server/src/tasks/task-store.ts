import { files, type ReplicaPool, teamtalk } from '@teamtalk/rpc';

/** A transfer that was asked for, as all file_servers know it. */
export interface Task {
  /** A UUID of 122 random bits: who has it was told it. */
  readonly id: string;
  readonly fromUserId: number;
  readonly toUserId: number;
  /** what the sender's client calls it; never a path here */
  readonly fileName: string;
  /** bytes */
  readonly fileSize: number;
  readonly offline: boolean;
  /** bytes of an upload that are kept for good, from the beginning */
  readonly stored: number;
  /** uploaded to the end: it waits for its receiver */
  readonly complete: boolean;
  /** milliseconds until its time is over, as it was when it was looked up; 0: not known */
  readonly leftMs: number;
}

/** A stretch of an uploaded file, kept as one blob. */
export interface Part {
  /** offset in the file, bytes */
  readonly start: number;
  /** bytes */
  readonly size: number;
  /** of the blob */
  readonly key: string;
  readonly sha256: Uint8Array;
}

export type NewTask = Pick<Task, 'id' | 'fromUserId' | 'toUserId' | 'fileName' | 'fileSize' | 'offline'>;

export interface TaskTimes {
  /** milliseconds a transfer may be without progress */
  unfinishedMs: number;
  /** milliseconds a file waits for its receiver */
  offlineFileMs: number;
}

const {
  FILE_TASK_OK,
  FILE_TASK_BAD_REQUEST,
  FILE_TASK_TOO_MANY,
  FILE_TASK_USER_QUOTA,
  FILE_TASK_TOTAL_QUOTA,
} = teamtalk.db.FileTaskResult;

const refusals = {
  [FILE_TASK_BAD_REQUEST]: 'bad_request',
  [FILE_TASK_TOO_MANY]: 'too_many',
  [FILE_TASK_USER_QUOTA]: 'user_quota',
  [FILE_TASK_TOTAL_QUOTA]: 'total_quota',
} as const;

export type TaskRefusal = (typeof refusals)[keyof typeof refusals];

/** Milliseconds for an answer; clients of file_servers wait longer. */
const callMs = 5_000;
/** msg_servers wait 1.5 s for a new task. */
const createMs = 1_400;

/** The tasks, kept by the db_proxy_servers. Every call may fail with a TeamTalkError; all may be repeated. */
export class TaskStore {
  readonly #pool: ReplicaPool;
  readonly #times: TaskTimes;
  /** What is over here, before the store has noted it. */
  readonly #ending = new Set<string>();

  constructor(pool: ReplicaPool, times: TaskTimes) {
    this.#pool = pool;
    this.#times = times;
  }

  async create(
    task: NewTask,
    quota: { userBytes: number; totalBytes: number; unfinished: number },
  ): Promise<'ok' | TaskRefusal> {
    const { id, ...rest } = task;
    const request = {
      ...rest,
      taskId: id,
      lifetimeMs: this.#times.unfinishedMs,
      maxUserBytes: quota.userBytes,
      maxTotalBytes: quota.totalBytes,
      maxUnfinished: quota.unfinished,
    };
    const { result } = await this.#pool.call(files.createFileTask, request, createMs);
    if (result === FILE_TASK_OK) return 'ok';
    return (refusals as Partial<Record<number, TaskRefusal>>)[result] ?? 'bad_request';
  }

  /** @returns undefined for one that is not there, or whose time is over */
  async find(id: string): Promise<Task | undefined> {
    const { task } = await this.#pool.call(files.getFileTask, { taskId: id }, callMs);
    return task ? taskOf(task) : undefined;
  }

  /** The task, and the parts that are kept of it, in the order of the file. */
  async findWithParts(id: string): Promise<{ task: Task; parts: Part[] } | undefined> {
    if (this.#ending.has(id)) return undefined;
    const { task } = await this.#pool.call(files.getFileTask, { taskId: id, withParts: true }, callMs);
    if (!task) return undefined;
    const parts = (task.parts ?? []).map((part) => new teamtalk.db.FilePart(part));
    return { task: taskOf(task), parts };
  }

  /** @returns false when it is not the next part: another upload of the task was faster, or the task is over */
  async addPart(taskId: string, part: Part): Promise<boolean> {
    const request = { taskId, part: { ...part }, lifetimeMs: this.#times.unfinishedMs };
    return (await this.#pool.call(files.addFilePart, request, callMs)).done;
  }

  /** Forgets the parts from `start` on. */
  async cut(taskId: string, start: number): Promise<boolean> {
    return (await this.#pool.call(files.cutFileParts, { taskId, start }, callMs)).done;
  }

  /** From now on the file waits for its receiver. @returns false when the task is over */
  async complete(taskId: string, sha256: Uint8Array): Promise<boolean> {
    const request = { taskId, sha256, lifetimeMs: this.#times.offlineFileMs };
    return (await this.#pool.call(files.completeFileTask, request, callMs)).done;
  }

  /** Uploads whose receivers have to be told of them now; nobody else tells them for 10 s. */
  async toAnnounce(limit: number): Promise<teamtalk.db.OfflineFile[]> {
    const reply = await this.#pool.call(files.claimFileAnnouncements, { limit }, callMs);
    return (reply.files ?? []).map((file) => new teamtalk.db.OfflineFile(file));
  }

  /** Their receivers have been told. */
  async announced(taskIds: string[]): Promise<void> {
    await this.#pool.call(files.confirmFileAnnouncements, { taskIds }, callMs);
  }

  /** Begins the task's time anew: there is progress. */
  async extend(taskId: string): Promise<boolean> {
    const request = { taskId, lifetimeMs: this.#times.unfinishedMs };
    return (await this.#pool.call(files.extendFileTask, request, callMs)).done;
  }

  /** Nobody can log in for it any more; what is stored of it goes soon. */
  async end(taskId: string): Promise<void> {
    this.#ending.add(taskId);
    try {
      await this.#pool.call(files.extendFileTask, { taskId, lifetimeMs: 0 }, callMs);
    } finally {
      this.#ending.delete(taskId);
    }
  }

  /** Tasks whose time is over, the oldest first. */
  async expired(limit: number): Promise<string[]> {
    return (await this.#pool.call(files.listExpiredFileTasks, { limit }, callMs)).taskIds;
  }

  /** Forgets tasks whose time is over. */
  async remove(taskIds: string[]): Promise<void> {
    await this.#pool.call(files.removeFileTasks, { taskIds }, callMs);
  }
}

function taskOf(task: teamtalk.db.FileTask.$Properties): Task {
  const known = new teamtalk.db.FileTask(task);
  const { fromUserId, toUserId, fileName, fileSize, offline, stored, complete } = known;
  const { taskId: id, expiresInMs: leftMs } = known;
  return { id, fromUserId, toUserId, fileName, fileSize, offline, stored, complete, leftMs };
}
