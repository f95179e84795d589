import { isTransient, type Kit } from '@teamtalk/service-kit';
import type { Pool } from 'pg';
import type { Statement } from '../../database/database.js';
import { databaseError } from '../../database/errors.js';
import { int4Array, int8Array } from '../binary-array.js';
import { GroupCommit } from './group-commit.js';

/** A request to mark a conversation as read up to `msgId`. */
export interface ReadMark {
  readonly userId: number;
  readonly isGroup: boolean;
  readonly sessionId: number;
  readonly msgId: number;
  /** called with the resulting position; 0 when there is none or the store is unavailable */
  readonly done: (position: number) => void;
}

interface PairMark {
  low: number;
  high: number;
  lowId: number;
  highId: number;
}

interface GroupMark {
  groupId: number;
  userId: number;
  id: number;
}

interface MarkRow {
  low_read: (number | null)[] | null;
  high_read: (number | null)[] | null;
  group_read: (number | null)[] | null;
}

const mark: Statement = { name: 'mark_read', text: 'SELECT * FROM mark_read($1,$2,$3,$4,$5,$6)' };
const markMarked: Statement = {
  name: 'mark_read_marked',
  text: 'SELECT * FROM mark_read_marked($1,$2,$3,$4,$5,$6)',
};

const maxId = 0x7fff_ffff;
/** How long a transaction that fails is repeated, milliseconds; callers wait for 10 s. */
const retryMs = 6_000;
const retryPauseMs = 100;

/**
 * Moves read positions by group commit into `mark_read`; the largest of several marks for one position wins. A transaction
 * that fails is repeated: clients do not repeat a read mark, and one that is applied twice has no effect.
 */
export class ReadMarkWriter {
  readonly #pool: Pool;
  readonly #kit: Kit;
  readonly #push: { readonly wanted: boolean };
  readonly #commits: GroupCommit<ReadMark>;
  #stopping = false;

  /**
   * @param spacingMs least time between the starts of two transactions, milliseconds
   * @param push whether what is read is marked for push; left out: it is not
   */
  constructor(
    pool: Pool,
    kit: Kit,
    spacingMs: number,
    push: { readonly wanted: boolean } = { wanted: false },
  ) {
    this.#pool = pool;
    this.#kit = kit;
    this.#push = push;
    this.#commits = new GroupCommit({ maxBatch: 1000, spacingMs, commit: (marks) => this.#commit(marks) });
    kit.metrics.gauge(
      'read_queue_marks',
      'Read positions waiting for a transaction',
      () => this.#commits.depth,
    );
  }

  mark(mark: ReadMark): void {
    if (mark.sessionId === 0 || mark.sessionId > maxId || mark.userId > maxId) mark.done(0);
    else this.#commits.add(mark);
  }

  /** Ends when every mark has its position. What fails is not repeated here any more: callers have gone to other replicas. */
  settle(): Promise<void> {
    this.#stopping = true;
    return this.#commits.settle();
  }

  async #commit(marks: ReadMark[]): Promise<void> {
    const pairs = new Map<string, PairMark>();
    const groups = new Map<string, GroupMark>();
    for (const mark of marks) {
      const id = Math.min(mark.msgId, maxId);
      if (mark.isGroup) addGroup(groups, mark, id);
      else addPair(pairs, mark, id);
    }
    const sortedPairs = [...pairs.values()].sort((a, b) => a.low - b.low || a.high - b.high);
    const sortedGroups = [...groups.values()].sort((a, b) => a.groupId - b.groupId || a.userId - b.userId);
    const row = await this.#callUntilDone(sortedPairs, sortedGroups);
    const positions = new Map<string, number>();
    sortedPairs.forEach(({ low, high }, i) => {
      positions.set(`${low}:${high}:${low}`, row?.low_read?.[i] ?? 0);
      positions.set(`${low}:${high}:${high}`, row?.high_read?.[i] ?? 0);
    });
    sortedGroups.forEach(({ groupId, userId }, i) => {
      positions.set(`g${groupId}:${userId}`, row?.group_read?.[i] ?? 0);
    });
    for (const mark of marks) mark.done(positions.get(positionKey(mark)) ?? 0);
  }

  /** @returns undefined: it failed until the end */
  async #callUntilDone(pairs: PairMark[], groups: GroupMark[]): Promise<MarkRow | undefined> {
    const end = performance.now() + retryMs;
    for (let failures = 0; ; failures++) {
      try {
        return await this.#call(pairs, groups);
      } catch (error) {
        const marks = pairs.length + groups.length;
        const transient = isTransient(databaseError(error, 'marking as read'));
        const over = this.#stopping || !transient || performance.now() >= end;
        if (failures === 0 || over) {
          this.#kit.log.error({ err: error, marks, repeated: !over }, 'read position commit failed');
        }
        if (over) return undefined;
        await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
      }
    }
  }

  async #call(pairs: PairMark[], groups: GroupMark[]): Promise<MarkRow | undefined> {
    const { rows } = await this.#pool.query<MarkRow>({
      ...(this.#push.wanted ? markMarked : mark),
      values: [
        int8Array(
          pairs,
          (pair) => pair.low,
          (pair) => pair.high,
        ),
        int4Array(pairs, (pair) => pair.lowId),
        int4Array(pairs, (pair) => pair.highId),
        int4Array(groups, (group) => group.groupId),
        int4Array(groups, (group) => group.userId),
        int4Array(groups, (group) => group.id),
      ],
    });
    return rows[0];
  }
}

function pairOf({ userId, sessionId }: ReadMark): { low: number; high: number } {
  return { low: Math.min(userId, sessionId), high: Math.max(userId, sessionId) };
}

function positionKey(mark: ReadMark): string {
  if (mark.isGroup) return `g${mark.sessionId}:${mark.userId}`;
  const { low, high } = pairOf(mark);
  return `${low}:${high}:${mark.userId}`;
}

function addPair(pairs: Map<string, PairMark>, mark: ReadMark, id: number): void {
  const { low, high } = pairOf(mark);
  const key = `${low}:${high}`;
  const pair = pairs.get(key) ?? { low, high, lowId: 0, highId: 0 };
  if (mark.userId === low) pair.lowId = Math.max(pair.lowId, id);
  else pair.highId = Math.max(pair.highId, id);
  pairs.set(key, pair);
}

function addGroup(groups: Map<string, GroupMark>, mark: ReadMark, id: number): void {
  const key = `${mark.sessionId}:${mark.userId}`;
  const group = groups.get(key) ?? { groupId: mark.sessionId, userId: mark.userId, id: 0 };
  group.id = Math.max(group.id, id);
  groups.set(key, group);
}
