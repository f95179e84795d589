import { files, type ReplicaPool, teamtalk } from '@teamtalk/rpc';

/** A requested transfer, as all file_servers see it. */
export interface Task {
  /** A UUID with 122 random bits, which cannot be guessed. */
  readonly id: string;
  readonly fromUserId: number;
  readonly toUserId: number;
  /** the name the sender's client gave; never used as a path */
  readonly fileName: string;
  /** bytes */
  readonly fileSize: number;
  readonly offline: boolean;
  /** bytes of an upload that are stored, from the beginning */
  readonly stored: number;
  /** the upload is complete, and stored for its receiver */
  readonly complete: boolean;
  /** milliseconds until it expires, at the time of the query; 0: unknown */
  readonly leftMs: number;
}

/** A range of an uploaded file, stored as one blob. */
export interface Part {
  /** offset in the file, bytes */
  readonly start: number;
  /** bytes */
  readonly size: number;
  /** key of the blob */
  readonly key: string;
  readonly sha256: Uint8Array;
}

export type NewTask = Pick<Task, 'id' | 'fromUserId' | 'toUserId' | 'fileName' | 'fileSize' | 'offline'>;

export interface TaskTimes {
  /** time within which an upload has to begin, milliseconds */
  unsentMs: number;
  /** time without progress after which a transfer expires, milliseconds */
  unfinishedMs: number;
  /** time a file is stored for its receiver, milliseconds */
  offlineFileMs: number;
}

/** In bytes of offline files; 0: no limit. */
export interface TaskQuota {
  userBytes: number;
  totalBytes: number;
  /** what the unsent bytes of one sender count for in `totalBytes` at most */
  reservedBytes: number;
  /** unfinished transfers of one sender */
  unfinished: number;
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

/** Timeout of a call, milliseconds; clients of file_servers wait longer. */
const callMs = 5_000;
/** msg_servers wait 1.5 s for a new task. */
const createMs = 1_400;

/** The tasks, stored by the db_proxy_servers. Every call may fail with a TeamTalkError; all are idempotent. */
export class TaskStore {
  readonly #pool: ReplicaPool;
  readonly #times: TaskTimes;
  /** Tasks ended by this process whose end is not stored yet. */
  readonly #ending = new Set<string>();

  constructor(pool: ReplicaPool, times: TaskTimes) {
    this.#pool = pool;
    this.#times = times;
  }

  async create(task: NewTask, quota: TaskQuota): Promise<'ok' | TaskRefusal> {
    const { id, ...rest } = task;
    const request = {
      ...rest,
      taskId: id,
      lifetimeMs: task.offline ? this.#times.unsentMs : this.#times.unfinishedMs,
      maxUserBytes: quota.userBytes,
      maxTotalBytes: quota.totalBytes,
      maxReservedBytes: quota.reservedBytes,
      maxUnfinished: quota.unfinished,
    };
    const { result } = await this.#pool.call(files.createFileTask, request, createMs);
    if (result === FILE_TASK_OK) return 'ok';
    return (refusals as Partial<Record<number, TaskRefusal>>)[result] ?? 'bad_request';
  }

  /** @returns undefined for an unknown or expired task */
  async find(id: string): Promise<Task | undefined> {
    const { task } = await this.#pool.call(files.getFileTask, { taskId: id }, callMs);
    return task ? taskOf(task) : undefined;
  }

  /** The task and its stored parts, in file order. */
  async findWithParts(id: string): Promise<{ task: Task; parts: Part[] } | undefined> {
    if (this.#ending.has(id)) return undefined;
    const { task } = await this.#pool.call(files.getFileTask, { taskId: id, withParts: true }, callMs);
    if (!task) return undefined;
    const parts = (task.parts ?? []).map((part) => new teamtalk.db.FilePart(part));
    return { task: taskOf(task), parts };
  }

  /**
   * @param maxTotalBytes stored bytes of all senders; 0: no limit
   * @returns `refused` when it is not the next part: another upload of the task was faster, or the task has ended; `full`
   *   when it would exceed `maxTotalBytes`
   */
  async addPart(taskId: string, part: Part, maxTotalBytes: number): Promise<'added' | 'refused' | 'full'> {
    const lifetimeMs = this.#times.unfinishedMs;
    const request = { taskId, part: { ...part }, lifetimeMs, maxTotalBytes };
    const { done, full } = await this.#pool.call(files.addFilePart, request, callMs);
    if (done) return 'added';
    return full ? 'full' : 'refused';
  }

  /** Deletes the records of the parts from `start` on. */
  async cut(taskId: string, start: number): Promise<boolean> {
    return (await this.#pool.call(files.cutFileParts, { taskId, start }, callMs)).done;
  }

  /** Marks the upload as complete. @returns false when the task has ended */
  async complete(taskId: string, sha256: Uint8Array): Promise<boolean> {
    const request = { taskId, sha256, lifetimeMs: this.#times.offlineFileMs };
    return (await this.#pool.call(files.completeFileTask, request, callMs)).done;
  }

  /** Claims complete uploads to announce; no other file_server gets them for 10 s. */
  async toAnnounce(limit: number): Promise<teamtalk.db.OfflineFile[]> {
    const reply = await this.#pool.call(files.claimFileAnnouncements, { limit }, callMs);
    return (reply.files ?? []).map((file) => new teamtalk.db.OfflineFile(file));
  }

  /** Marks uploads as announced. */
  async announced(taskIds: string[]): Promise<void> {
    await this.#pool.call(files.confirmFileAnnouncements, { taskIds }, callMs);
  }

  /** Restarts the task's expiry, because there is progress. */
  async extend(taskId: string): Promise<boolean> {
    const request = { taskId, lifetimeMs: this.#times.unfinishedMs };
    return (await this.#pool.call(files.extendFileTask, request, callMs)).done;
  }

  /** Ends a task: no further logins, and its stored parts are removed soon. */
  async end(taskId: string): Promise<void> {
    this.#ending.add(taskId);
    try {
      await this.#pool.call(files.extendFileTask, { taskId, lifetimeMs: 0 }, callMs);
    } finally {
      this.#ending.delete(taskId);
    }
  }

  /** Expired tasks, oldest first. */
  async expired(limit: number): Promise<string[]> {
    return (await this.#pool.call(files.listExpiredFileTasks, { limit }, callMs)).taskIds;
  }

  /** Deletes expired tasks. */
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
