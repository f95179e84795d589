import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';

/** A requested transfer. */
export interface NewFileTask {
  id: string;
  fromUserId: number;
  toUserId: number;
  /** as named by the sender's client */
  name: string;
  /** bytes, below 4 GiB */
  size: number;
  offline: boolean;
  lifetimeMs: number;
}

/** Quotas of a sender and of all senders together, in bytes of offline files; 0: no limit. */
export interface FileQuota {
  /** of one sender: stored, or declared and not over */
  userBytes: number;
  /** of all senders: stored, or reserved by what is declared */
  totalBytes: number;
  /** what the unsent bytes of one sender reserve of `totalBytes` at most; 0: all of them */
  reservedBytes: number;
  /** unfinished tasks of one sender */
  unfinished: number;
}

export interface FileTaskRow {
  id: string;
  from_id: number;
  to_id: number;
  name: string;
  size: number;
  offline: boolean;
  stored: number;
  sha256: Buffer | null;
  complete: boolean;
  /** remaining lifetime, milliseconds */
  left_ms: number;
}

export interface FilePart {
  /** offset in the file, bytes */
  start: number;
  /** bytes */
  size: number;
  /** of the blob */
  key: string;
  sha256: Uint8Array;
}

/** Why a task is refused. */
export type FileTaskRefusal = 'bad-request' | 'too-many' | 'user-quota' | 'total-quota';

/** Most offline files of one sender, finished or not, for one receiver. */
const maxWaiting = 200;
/** Delay after which a complete upload is announced even if its sender has not asked for it. */
const unaskedSeconds = 30;
/** Advisory lock key that serialises quota check and insert across replicas. */
const quotaLock = 1_764_000_030;

const columns = `id, from_id, to_id, name, size::float8 AS size, offline, stored::float8 AS stored, sha256,
  completed_at IS NOT NULL AS complete, extract(epoch FROM expires_at - now())::float8 * 1000 AS left_ms`;
const later = (parameter: string) => `now() + ${parameter}::float8 * interval '1 ms'`;

const lock: Statement = { name: 'file_task_lock', text: `SELECT pg_advisory_xact_lock(${quotaLock})` };

const usage: Statement = {
  name: 'file_task_usage_2',
  text: `
    WITH sender AS (
      SELECT from_id,
        count(*) FILTER (WHERE completed_at IS NULL AND expires_at > now()) AS unfinished,
        count(*) FILTER (WHERE to_id = $2 AND offline AND expires_at > now()) AS waiting,
        coalesce(sum(stored) FILTER (WHERE offline), 0) AS stored,
        coalesce(sum(size - stored) FILTER (WHERE offline AND expires_at > now()), 0) AS unsent
      FROM file_task WHERE from_id = $1 OR (offline AND $3::boolean) GROUP BY from_id
    )
    SELECT
      coalesce(sum(unfinished) FILTER (WHERE from_id = $1), 0)::int4 AS unfinished,
      coalesce(sum(waiting) FILTER (WHERE from_id = $1), 0)::int4 AS waiting,
      coalesce(sum(stored) FILTER (WHERE from_id = $1), 0)::float8 AS own_stored,
      coalesce(sum(unsent) FILTER (WHERE from_id = $1), 0)::float8 AS own_unsent,
      coalesce(sum(stored), 0)::float8 AS all_stored,
      coalesce(sum(least(unsent, $4::float8)) FILTER (WHERE from_id <> $1), 0)::float8 AS others_reserved
    FROM sender`,
};

const storedBytes: Statement = {
  name: 'file_task_stored_bytes',
  text: 'SELECT coalesce(sum(stored), 0)::float8 AS bytes FROM file_task WHERE offline',
};

const create: Statement = {
  name: 'file_task_create',
  text: `
    INSERT INTO file_task (id, from_id, to_id, name, size, offline, expires_at)
    SELECT $1::text, $2::int4, $3::int4, $4::text, $5::int8, $6::boolean, ${later('$7')}
    WHERE (SELECT count(*) FROM im_user WHERE id IN ($2, $3) AND status <> ${userHasLeft})
      = CASE WHEN $2::int4 = $3::int4 THEN 1 ELSE 2 END
    RETURNING ${columns}`,
};

const find: Statement = {
  name: 'file_task_find',
  text: `SELECT ${columns} FROM file_task WHERE id = $1 AND expires_at > now()`,
};

const findParts: Statement = {
  name: 'file_task_parts',
  text: `SELECT start::float8 AS start, size::float8 AS size, key, sha256 FROM file_part
    WHERE task_id = $1 ORDER BY start`,
};

const addPart: Statement = {
  name: 'file_task_add_part',
  text: `
    WITH moved AS (
      UPDATE file_task SET stored = stored + $3::int8, expires_at = ${later('$6')}
      WHERE id = $1::text AND offline AND completed_at IS NULL AND stored = $2::int8
        AND stored + $3::int8 <= size AND expires_at > now()
      RETURNING id)
    INSERT INTO file_part (task_id, start, size, key, sha256)
    SELECT id, $2::int8, $3::int8, $4::text, $5::bytea FROM moved RETURNING start`,
};

const findPart: Statement = {
  name: 'file_task_find_part',
  text: 'SELECT start FROM file_part WHERE task_id = $1 AND start = $2::int8 AND key = $3',
};

const cutTask: Statement = {
  name: 'file_task_cut',
  text: `
    UPDATE file_task SET stored = $2::int8
    WHERE id = $1 AND completed_at IS NULL AND stored >= $2::int8 RETURNING id`,
};

const cutParts: Statement = {
  name: 'file_task_cut_parts',
  text: 'DELETE FROM file_part WHERE task_id = $1 AND start >= $2::int8',
};

const complete: Statement = {
  name: 'file_task_complete',
  text: `
    UPDATE file_task SET sha256 = $2::bytea, completed_at = now(), expires_at = ${later('$3')},
      announce_at = coalesce(announce_at, now() + interval '${unaskedSeconds} s')
    WHERE id = $1 AND offline AND stored = size AND completed_at IS NULL AND expires_at > now()
    RETURNING id`,
};

const extend: Statement = {
  name: 'file_task_extend',
  text: `
    UPDATE file_task SET expires_at = ${later('$2')} WHERE id = $1 AND expires_at > now() RETURNING id`,
};

const listExpired: Statement = {
  name: 'file_task_expired',
  text: 'SELECT id FROM file_task WHERE expires_at <= now() ORDER BY expires_at LIMIT $1',
};

const remove: Statement = {
  name: 'file_task_remove',
  text: 'DELETE FROM file_task WHERE id = ANY($1::text[]) AND expires_at <= now() RETURNING id',
};

/** Milliseconds the sum of all stored bytes is used for; parts stored by other replicas meanwhile are missing in it. */
const storedBytesMs = 2_000;

/** File transfers in progress or waiting: shared by all file_servers, and surviving their restarts. */
export class FileTasks {
  readonly #database: Database;
  /** All stored bytes, and until when the sum is used. */
  #stored = { bytes: 0, until: 0 };
  #counting: Promise<void> | undefined;
  /** bytes of the parts that are being added */
  #addingBytes = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A retry with the same id returns the same task. */
  async create(task: NewFileTask, quota: FileQuota): Promise<FileTaskRow | FileTaskRefusal> {
    const { id, fromUserId, toUserId, name, size, offline, lifetimeMs } = task;
    if (!isStorableId(fromUserId) || !isStorableId(toUserId)) return 'bad-request';
    return this.#database.transaction('file_task_create', async (query) => {
      await query(lock, []);
      const [known] = await query<FileTaskRow>(find, [id]);
      if (known) return known;
      const reserved = quota.reservedBytes || Number.MAX_SAFE_INTEGER;
      const [used] = await query<Usage>(usage, [fromUserId, toUserId, quota.totalBytes > 0, reserved]);
      const refusal = refusalOf(task, quota, used!);
      if (refusal) return refusal;
      const values = [id, fromUserId, toUserId, name, size, offline, lifetimeMs];
      const [row] = await query<FileTaskRow>(create, values);
      return row ?? 'bad-request';
    });
  }

  /** @returns undefined for an unknown or expired task */
  async find(id: string): Promise<FileTaskRow | undefined> {
    const [row] = await this.#database.query<FileTaskRow>(find, [id]);
    return row;
  }

  /** The parts of an upload, in file order. */
  async parts(id: string): Promise<FilePart[]> {
    return this.#database.query<FilePart>(findParts, [id]);
  }

  /**
   * @param maxTotalBytes stored bytes of all senders, exact to what other replicas store in 2 s; 0: no limit
   * @returns `added`: it is the upload's next part, or was already added; `full`: it would exceed `maxTotalBytes`
   */
  async addPart(
    id: string,
    { start, size, key, sha256 }: FilePart,
    lifetimeMs: number,
    maxTotalBytes: number,
  ): Promise<'added' | 'refused' | 'full'> {
    if (maxTotalBytes > 0) await this.#countStored();
    const isFull = maxTotalBytes > 0 && this.#stored.bytes + this.#addingBytes + size > maxTotalBytes;
    if (!isFull && (await this.#addPart([id, start, size, key, sha256, lifetimeMs], size))) return 'added';
    const known = await this.#database.query(findPart, [id, start, key]);
    if (known.length > 0) return 'added';
    return isFull ? 'full' : 'refused';
  }

  async #addPart(values: readonly unknown[], size: number): Promise<boolean> {
    this.#addingBytes += size;
    try {
      const added = await this.#database.query(addPart, values);
      if (added.length > 0) this.#stored.bytes += size;
      return added.length > 0;
    } finally {
      this.#addingBytes -= size;
    }
  }

  async #countStored(): Promise<void> {
    if (performance.now() < this.#stored.until) return;
    this.#counting ??= this.#sumStored().finally(() => {
      this.#counting = undefined;
    });
    await this.#counting;
  }

  async #sumStored(): Promise<void> {
    const until = performance.now() + storedBytesMs;
    const [row] = await this.#database.query<{ bytes: number }>(storedBytes, []);
    this.#stored = { bytes: row?.bytes ?? 0, until };
  }

  /** Removes the parts of an unfinished upload that begin at `start` or later. */
  async cut(id: string, start: number): Promise<boolean> {
    return this.#database.transaction('file_task_cut', async (query) => {
      const cut = await query(cutTask, [id, start]);
      if (cut.length > 0) await query(cutParts, [id, start]);
      return cut.length > 0;
    });
  }

  /** @returns whether the upload is complete now, or was before */
  async complete(id: string, sha256: Uint8Array, lifetimeMs: number): Promise<boolean> {
    const completed = await this.#database.query(complete, [id, sha256, lifetimeMs]);
    if (completed.length > 0) return true;
    const task = await this.find(id);
    return task?.complete === true && Buffer.compare(task.sha256!, sha256) === 0;
  }

  /** Renews a task's lifetime; 0 ends it. @returns whether the task had not expired yet */
  async extend(id: string, lifetimeMs: number): Promise<boolean> {
    return (await this.#database.query(extend, [id, lifetimeMs])).length > 0;
  }

  /** Expired tasks, oldest first. */
  async expired(limit: number): Promise<string[]> {
    return (await this.#database.query<{ id: string }>(listExpired, [limit])).map(({ id }) => id);
  }

  /** Removes expired tasks. */
  async remove(ids: string[]): Promise<boolean> {
    return (await this.#database.query(remove, [ids])).length > 0;
  }
}

interface Usage {
  unfinished: number;
  waiting: number;
  own_stored: number;
  own_unsent: number;
  all_stored: number;
  others_reserved: number;
}

function refusalOf(task: NewFileTask, quota: FileQuota, used: Usage): FileTaskRefusal | undefined {
  if (quota.unfinished > 0 && used.unfinished >= quota.unfinished) return 'too-many';
  if (!task.offline) return undefined;
  if (used.waiting >= maxWaiting) return 'too-many';
  const unsent = used.own_unsent + task.size;
  if (quota.userBytes > 0 && used.own_stored + unsent > quota.userBytes) return 'user-quota';
  const reserved = quota.reservedBytes > 0 ? Math.min(unsent, quota.reservedBytes) : unsent;
  // The file itself has to fit, however little of it is reserved.
  const needed = used.all_stored + Math.max(task.size, used.others_reserved + reserved);
  return quota.totalBytes > 0 && needed > quota.totalBytes ? 'total-quota' : undefined;
}
