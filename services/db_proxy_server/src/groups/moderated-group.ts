import type { Actor } from '../actor.js';
import { openAudit, type RecordEvent } from '../audit/record-event.js';
import type { Database, Query, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';
import { userHasLeft } from '../entities/index.js';
import type { ChangedGroup } from './departures.js';
import type { MemberChanges } from './member-changes.js';

export type ModerationOutcome =
  | { result: 'not-found' | 'unknown-user' | 'full' }
  | {
      result: 'done';
      /** changes of members, about which they are to be notified */
      groups: ChangedGroup[];
    };

interface LockedGroup {
  creator_id: number;
  /** unix seconds; 0: not muted; Infinity: for good */
  muted_until: number;
  announcement: string;
}

type Work<Outcome> = (query: Query, group: LockedGroup, record: RecordEvent) => Promise<Outcome>;

const lockGroup: Statement = {
  name: 'moderation_lock_group',
  text: `
    SELECT creator_id, announcement, coalesce(extract(epoch FROM muted_until), 0)::float8 AS muted_until
    FROM chat_group WHERE id = $1 AND status = 0 FOR NO KEY UPDATE`,
};

const kindOfUser: Statement = {
  name: 'moderation_user',
  text: `
    SELECT CASE WHEN EXISTS (SELECT FROM bot WHERE user_id = u.id) THEN 'bot' ELSE 'person' END AS kind
    FROM im_user u WHERE u.id = $1 AND u.status <> ${userHasLeft}`,
};

/** Runs in a transaction that has locked the group. @returns undefined when there is no such group */
export async function inGroup<Outcome>(
  database: Database,
  name: string,
  groupId: number,
  actor: Actor,
  work: Work<Outcome>,
): Promise<Outcome | undefined> {
  if (!isStorableId(groupId)) return undefined;
  return database.transaction(name, async (query) => {
    const record = await openAudit(query, actor);
    const [group] = await query<LockedGroup>(lockGroup, [groupId]);
    return group && work(query, group, record);
  });
}

/** @returns undefined when the user does not exist or has left */
export async function kindOf(query: Query, userId: number): Promise<'bot' | 'person' | undefined> {
  if (!isStorableId(userId)) return undefined;
  return (await query<{ kind: 'bot' | 'person' }>(kindOfUser, [userId]))[0]?.kind;
}

/** Makes an existing user a member. @returns undefined when they already are */
export async function join(
  memberChanges: MemberChanges,
  query: Query,
  groupId: number,
  userId: number,
): Promise<ChangedGroup | 'full' | undefined> {
  const addition = { groupId, kind: 'add', byAdmin: true, userId, userIds: [userId] } as const;
  const outcome = await memberChanges.changeWith(query, addition);
  if (outcome.result !== 'ok') return 'full';
  const { current, changed, version } = outcome;
  if (changed.length === 0) return undefined;
  return { groupId, version, current, added: changed, removed: [], newOwner: 0 };
}
