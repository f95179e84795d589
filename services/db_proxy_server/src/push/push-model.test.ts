import { ClientType } from '@teamtalk/protocol';
import { pushApi } from '@teamtalk/rpc';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { poolOf } from '../database/data-source.js';
import { MessageSender } from '../testing/message-sender.js';
import { createTestContext, type TestContext } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { zoneAt } from '../testing/zone-at.js';
import { pushRpc } from './rpc.js';

const { ClaimRequest, FinishRequest, PushOutcome } = pushApi.push;
const users = [1, 2, 3] as const;
const team = 9;
const steps = 60;
/** Longer than the test: holds end only when a step ends them. */
const holdMs = 3_600_000;
/** What a push_server gives a provider; less than the claim. */
const answerMs = 5_000;

let database: TestDatabase;
let context: TestContext;
let pool: Pool;
let sender: MessageSender;
let rpc: ReturnType<typeof pushRpc>;

beforeAll(async () => {
  database = await createTestDatabase();
  context = await createTestContext(database.url);
  pool = poolOf(database.dataSource);
  sender = new MessageSender(pool, undefined, { wanted: true });
  rpc = pushRpc(context);
});
afterAll(async () => {
  await context.close();
  await database.drop();
});
beforeEach(async () => {
  await pool.query(
    'TRUNCATE im_user, chat_group, group_member, conversation, message, push_mark, push_read, push_muted CASCADE',
  );
  await pool.query(
    `INSERT INTO im_user (id, name, password_hash) VALUES (1, 'ann', ''), (2, 'bob', ''), (3, 'cat', '')`,
  );
  await pool.query(`INSERT INTO chat_group (id, name, type) VALUES (${team}, 'Team', 1)`);
  await pool.query(
    `INSERT INTO group_member (group_id, user_id) VALUES (${team}, 1), (${team}, 2), (${team}, 3)`,
  );
  for (const user of users) {
    await context.pushDevices.set(user, ClientType.IOS, new Phones().tokenOf(user), '2.0');
  }
});

/** The same sequence for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
}

const at = (user: number, conversation: string) => `${user} ${conversation}`;

/**
 * What phones have to show in the end: the newest message that others have written and the user has not read. A conversation that was
 * silent when a push could have been claimed may show less until it is read, and so may a new phone.
 */
class Model {
  /** who has muted the group */
  readonly muting = new Set<number>();
  /** who does not want to be disturbed at night */
  readonly sleeping = new Set<number>();
  isNight = false;
  readonly #uncertain = new Set<string>();
  readonly #unread = new Map<string, { msgId: number; held: boolean }[]>();

  sent(from: number, to: number | 'team', msgId: number): void {
    if (to !== 'team') {
      this.#add(at(to, `s${from}`), msgId);
      return;
    }
    for (const user of users) if (user !== from) this.#add(at(user, `g${team}`), msgId);
    this.read(from, `g${team}`);
  }

  read(user: number, conversation: string): void {
    this.#unread.delete(at(user, conversation));
    this.#uncertain.delete(at(user, conversation));
  }

  /** To be called whenever pushes are claimed. */
  claimed(): void {
    for (const banner of this.#unread.keys()) if (this.#isSilent(banner)) this.#uncertain.add(banner);
  }

  /** A user has a new phone. */
  replaced(user: number): void {
    for (const banner of this.#unread.keys())
      if (banner.startsWith(at(user, ''))) this.#uncertain.add(banner);
  }

  /** A provider has refused a push, or a phone had acknowledged its message. */
  dropped(banner: string): void {
    if (this.#unread.has(banner)) this.#uncertain.add(banner);
  }

  isUnread(banner: string, msgId: number): boolean {
    return this.#unread.get(banner)?.some((message) => message.msgId === msgId) ?? false;
  }

  isUncertain(banner: string): boolean {
    return this.#uncertain.has(banner);
  }

  /** Ends the hold of all messages sent so far. */
  endHold(): void {
    for (const message of [...this.#unread.values()].flat()) message.held = false;
  }

  /** Whether there is an unread message whose hold is over, and nothing silences it. */
  mayRing(banner: string): boolean {
    if (this.#isSilent(banner)) return false;
    return this.#unread.get(banner)?.some(({ held }) => !held) ?? false;
  }

  get banners(): [string, number][] {
    return [...this.#unread]
      .map(([banner, messages]): [string, number] => [banner, messages.at(-1)?.msgId ?? 0])
      .sort();
  }

  #isSilent(banner: string): boolean {
    const [user, conversation] = banner.split(' ') as [string, string];
    if (this.isNight && this.sleeping.has(Number(user))) return true;
    return conversation.startsWith('g') && this.muting.has(Number(user));
  }

  #add(banner: string, msgId: number): void {
    this.#unread.set(banner, [...(this.#unread.get(banner) ?? []), { msgId, held: true }]);
  }
}

/** Adds or removes a user. @returns whether they are in the set now */
function toggled(set: Set<number>, user: number): boolean {
  if (!set.delete(user)) set.add(user);
  return set.has(user);
}

/** What phones show, by what providers were given. */
class Phones {
  readonly #banners = new Map<string, number>();
  /** how many phones a user has had before */
  readonly #earlier = new Map<number, number>();

  tokenOf(user: number): string {
    return `${user}${String(this.#earlier.get(user) ?? 0).padStart(3, '0')}`.repeat(16);
  }

  /** Gives a user a new phone, with a token of its own. */
  replace(user: number): void {
    this.#earlier.set(user, (this.#earlier.get(user) ?? 0) + 1);
    for (const banner of this.#banners.keys())
      if (banner.startsWith(at(user, ''))) this.#banners.delete(banner);
  }

  take(push: pushApi.push.Push.$Properties): void {
    const { msgId, userId, token } = push as pushApi.push.Push;
    // To a phone that nobody has any more.
    if (token !== this.tokenOf(userId)) return;
    if (msgId === 0) this.#banners.delete(bannerOf(push));
    else this.#banners.set(bannerOf(push), msgId);
  }

  get banners(): [string, number][] {
    return [...this.#banners].sort();
  }
}

function bannerOf(push: pushApi.push.Push.$Properties): string {
  const { userId, sessionType, sessionId } = push as pushApi.push.Push;
  return at(userId, `${sessionType === 2 ? 'g' : 's'}${sessionId}`);
}

/** Claims jobs, and checks that none is for a message that is read, held or silent. */
async function claim(limit: number, model: Model) {
  const timeZone = zoneAt(model.isNight ? 23 : 12);
  const claimed = await rpc.claim(new ClaimRequest({ limit, holdMs, timeZone }));
  model.claimed();
  const pushes = (claimed.pushes ?? []) as pushApi.push.Push.$Properties[];
  const banners = pushes.filter(({ msgId }) => msgId !== 0).map(bannerOf);
  expect(banners.filter((banner) => !model.mayRing(banner))).toEqual([]);
  return pushes;
}

async function endHold(model: Model): Promise<void> {
  await pool.query(`UPDATE push_mark SET marked_at = marked_at - interval '2 hours'`);
  model.endHold();
}

async function finish(
  { jobId = 0, msgId = 0, attempts = 0, badge = 0 }: pushApi.push.Push.$Properties,
  outcome: number,
  reason = '',
): Promise<void> {
  const request = FinishRequest.encode({
    pushes: [{ jobId, attempts, badge, msgId, outcome, reason, retryMs: 0 }],
  }).finish();
  await rpc.finish(FinishRequest.decode(request));
}

async function read(user: number, conversation: string): Promise<void> {
  const other = Number(conversation.slice(1));
  if (conversation.startsWith('g')) {
    await pool.query(
      `SELECT mark_read_marked('{}', '{}', '{}', ARRAY[${team}], ARRAY[${user}], ARRAY[1000000])`,
    );
    return;
  }
  const [low, high] = [Math.min(user, other), Math.max(user, other)];
  const [lowRead, highRead] = user === low ? [1_000_000, 0] : [0, 1_000_000];
  await pool.query(
    `SELECT mark_read_marked(ARRAY[${low}::int8 << 32 | ${high}], ARRAY[${lowRead}], ARRAY[${highRead}], '{}', '{}', '{}')`,
  );
}

/** How many more sequences of each kind, with seeds from 10,000. */
const more = Array.from({ length: Number(process.env.PUSH_MODEL_SEQUENCES ?? 0) }, (_, i) => 10_000 + i);

/** Which pushes are refused is drawn apart from all else, so that these sequences remain those that found something. */
test.each([
  ...[1, 2, 3, 4, 5, 6, 547, 1051, 1295, ...more].map((seed) => ({ seed, refusing: false })),
  ...[1, 2, 3, 4, 5, 6, 1100, ...more].map((seed) => ({ seed, refusing: true })),
])(
  'whatever is sent, read and silenced, and whatever providers and push_servers do, phones show what is unread in the end ($seed, refusing: $refusing)',
  async ({ seed, refusing }) => {
    const random = randomOf(seed);
    const drawn = randomOf(seed + 1_000_000);
    const isRefused = ({ msgId }: pushApi.push.Push.$Properties) => refusing && msgId !== 0 && drawn(3) === 0;
    const model = new Model();
    const phones = new Phones();
    const inFlight: { push: pushApi.push.Push.$Properties; claimedAt: number }[] = [];
    const pick = <T>(list: readonly T[]) => list[random(list.length)] as T;

    for (let step = 0; step < steps; step++) {
      const user = pick(users);
      const other = pick(users.filter((each) => each !== user));
      switch (random(13)) {
        case 0:
        case 1: {
          const outcome = await sender.send({ from: user, to: other });
          if (outcome.status === 'stored') model.sent(user, other, outcome.msgId);
          break;
        }
        case 2: {
          const outcome = await sender.send({ from: user, to: team, group: true });
          if (outcome.status === 'stored') model.sent(user, 'team', outcome.msgId);
          break;
        }
        case 3:
        case 4: {
          const conversation = random(3) === 0 ? `g${team}` : `s${other}`;
          await read(user, conversation);
          model.read(user, conversation);
          break;
        }
        case 5:
          for (const push of await claim(3, model)) inFlight.push({ push, claimedAt: performance.now() });
          break;
        case 6:
          await endHold(model);
          break;
        case 7: {
          const isMuted = toggled(model.muting, user);
          await pool.query('UPDATE group_member SET shield = $1 WHERE user_id = $2', [isMuted, user]);
          break;
        }
        case 8:
          await context.userSettings.setPushShield(user, toggled(model.sleeping, user));
          break;
        case 9:
          model.isNight = !model.isNight;
          break;
        case 10:
          phones.replace(user);
          model.replaced(user);
          await context.pushDevices.set(user, ClientType.IOS, phones.tokenOf(user), '2.0');
          break;
        default: {
          // A provider takes a push, or not; a push_server reports it, or dies before.
          const [next] = inFlight.splice(random(inFlight.length || 1), 1);
          // One that had so little time is another's by now.
          if (!next || performance.now() - next.claimedAt > answerMs) break;
          const { push } = next;
          const accepted = random(3) > 0;
          if (isRefused(push)) {
            model.dropped(bannerOf(push));
            await finish(push, PushOutcome.PUSH_DROPPED, 'acknowledged');
            break;
          }
          if (accepted) phones.take(push);
          if (random(4) > 0) {
            await finish(push, accepted ? PushOutcome.PUSH_ACCEPTED : PushOutcome.PUSH_RETRY);
          }
        }
      }
    }
    model.isNight = false;
    await endHold(model);
    // What was claimed and not reported lapses; another push_server goes on until nothing is due.
    await pool.query('UPDATE push_job SET due_at = now() WHERE due_at IS NOT NULL');
    for (let rounds = 0; rounds < 20; rounds++) {
      const pushes = await claim(100, model);
      if (pushes.length === 0) break;
      for (const push of pushes) {
        phones.take(push);
        await finish(push, PushOutcome.PUSH_ACCEPTED);
      }
    }
    const isCertain = ([banner]: [string, number]) => !model.isUncertain(banner);
    expect(phones.banners.filter(isCertain)).toEqual(model.banners.filter(isCertain));
    expect(phones.banners.filter(([banner, msgId]) => !model.isUnread(banner, msgId))).toEqual([]);
  },
);
