import type { LeftOutReason } from '../import/verification.js';
import type { Fact, NewMember } from './buckets.js';
import { isOther, type Sides } from './sides.js';
import type { Tally } from './tally.js';

type Of<K extends Fact['of']> = Extract<Fact, { of: K }>;

/** Compares the members of a group, and what each of them is shown of it. */
export function judgeMembers(sides: Sides, tally: Tally): void {
  const { conv, old, facts, isUser, isGroup } = sides;
  const group = Number(conv);
  /** whether the group or the user belongs to another project */
  const isOfOther = (user?: number) =>
    isOther(conv, sides) || (user !== undefined && sides.isOtherUser(user));
  const all = <K extends Fact['of']>(of: K) => facts.filter((fact): fact is Of<K> => fact.of === of);
  const rows = byUser(all('member'));
  const here = byUser(all('new member'));
  const exists = isGroup(group);
  const isIn = (user: number) => exists && isUser(user) && (rows.get(user) ?? []).some(({ left }) => !left);
  for (const [user, own] of rows) countRows(user, own, isIn(user), here.get(user)?.[0]);

  const counters = all('counter');
  for (const _ of counters)
    note('redis *_im_group_msg', isOfOther() ? 'other-project' : exists ? undefined : 'group-gone');
  const atRead = byUser(all('counter at read'));
  for (const [user, own] of atRead) {
    for (const _ of own) note('redis *_im_user_group', reasonOf(user, 'counter-redundant'));
  }
  const joins = byUser(all('joined'));
  for (const [user, own] of joins) {
    for (const _ of own) note('redis group_member_*', reasonOf(user, 'member-only-in-redis'));
  }
  const shields = byUser(all('shield'));
  for (const [user, own] of shields) {
    for (const _ of own) note('redis group_set_*', reasonOf(user, 'shield-without-member'));
  }
  for (const user of here.keys()) {
    tally.compare('members of each group', isIn(user), () => `user ${user} is in group ${group} here only`);
  }
  const listed = new Set(all('session').flatMap(({ user, listed: is }) => (is ? [user] : [])));
  const total = Math.max(0, ...counters.map(({ count }) => count));
  for (const [user, [member]] of here) {
    if (!isIn(user) || !member) continue;
    const last = Math.max(
      0,
      ...(rows.get(user) ?? []).filter(({ left }) => !left).map(({ updated }) => updated),
    );
    const joined = joins.get(user)?.at(-1)?.at ?? last;
    const before = countBefore(old, joined);
    const difference = counters.length === 0 ? 0 : total - (atRead.get(user)?.at(-1)?.count ?? 0);
    const unread = Math.max(0, Math.min(difference, old.length - before));
    const shown = listed.has(user) || unread > 0;
    const subject = `user ${user} in group ${group}`;
    const found = old.length - member.readId;
    tally.compare(
      'unread count of each session',
      found === unread,
      () => `${subject}: ${unread} there, ${found} here`,
    );
    tally.compare(
      'first message that each member sees',
      member.joinMsgId === before && member.joinedAt === joined,
      () => {
        return `${subject}: joined at ${joined}, after ${before} messages; here ${member.joinedAt}, ${member.joinMsgId}`;
      },
    );
    const isShown = member.removedId < old.length;
    tally.compare('sessions that each user is shown', old.length === 0 || isShown === shown, () => {
      return `${subject}: ${shown ? 'is' : 'is not'} shown there`;
    });
    const shield = shields.get(user)?.at(-1)?.on ?? false;
    tally.compare(
      'push settings of each member',
      member.shield === shield,
      () => `${subject}: ${shield} there`,
    );
  }

  /** @param without why it is left out if the user is not in the group */
  function reasonOf(user: number, without: LeftOutReason): LeftOutReason | undefined {
    if (isOfOther(user)) return 'other-project';
    return isIn(user) ? undefined : without;
  }

  function note(name: string, reason: LeftOutReason | undefined): void {
    if (reason) tally.leftOut(name, reason);
    else tally.imported(name);
  }

  function countRows(
    user: number,
    own: readonly Of<'member'>[],
    wanted: boolean,
    member: NewMember | undefined,
  ): void {
    if (isOfOther(user)) {
      tally.leftOut('IMGroupMember', 'other-project', own.length);
      return;
    }
    if (!exists || !isUser(user)) {
      tally.leftOut('IMGroupMember', exists ? 'member-without-user' : 'member-without-group', own.length);
      return;
    }
    if (own.length > 1) tally.leftOut('IMGroupMember', 'member-duplicate', own.length - 1);
    if (!wanted) tally.leftOut('IMGroupMember', 'member-left');
    else if (member) tally.imported('IMGroupMember');
    else tally.unexplained('IMGroupMember', `user ${user} is not in group ${group} here`);
  }
}

/** How many messages, which are in the order of `created`, are older. */
function countBefore(messages: readonly { created: number }[], second: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.created < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byUser<F extends { user: number }>(facts: readonly F[]): Map<number, F[]> {
  const users = new Map<number, F[]>();
  for (const fact of facts) {
    const known = users.get(fact.user);
    if (known) known.push(fact);
    else users.set(fact.user, [fact]);
  }
  return users;
}
