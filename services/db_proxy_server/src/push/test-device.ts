import { type Bus, topics } from '@teamtalk/bus';
import { type Kit, TeamTalkError } from '@teamtalk/service-kit';
import type { Actor } from '../actor.js';
import { openAudit } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';
import { isStorableId } from '../database/ids.js';

/** Milliseconds a push_server has to answer; its provider has 5 s. */
const answerMs = 7_000;

interface TestedDevice {
  provider: string;
  app: string;
  token: string;
  locale: string;
  badge: number;
}

export type DeviceTest =
  | { result: 'done'; outcome: string; reason: string }
  | { result: 'not-found' | 'no-server' };

const find: Statement = {
  name: 'push_device_to_test',
  text: `
    SELECT provider, app, token, locale, unread_total(user_id)::float8 AS badge
    FROM push_device WHERE user_id = $1 AND id = $2::float8::int8`,
};

/** Sends notifications to single devices, to find out whether push reaches them. */
export class DeviceTests {
  readonly #database: Database;
  readonly #bus: Pick<Bus, 'request'>;
  readonly #kit: Kit;

  constructor(database: Database, bus: Pick<Bus, 'request'>, kit: Kit) {
    this.#database = database;
    this.#bus = bus;
    this.#kit = kit;
  }

  /** Sends a test push. It is recorded as it is asked for, whatever becomes of it. */
  async send(userId: number, deviceId: number, actor: Actor): Promise<DeviceTest> {
    if (!isStorableId(userId)) return { result: 'not-found' };
    const device = await this.#database.transaction('test_push', async (query) => {
      const record = await openAudit(query, actor);
      const [found] = await query<TestedDevice>(find, [userId, deviceId]);
      if (!found) return undefined;
      const after = { deviceId, provider: found.provider };
      await record({ verb: 'device.test', resource: `user ${userId}`, after });
      return found;
    });
    if (!device) return { result: 'not-found' };
    try {
      const { outcome, reason } = await this.#bus.request(topics.pushTest, { ...device, userId }, answerMs);
      return { result: 'done', outcome, reason };
    } catch (error) {
      if (!(error instanceof TeamTalkError)) throw error;
      this.#kit.log.warn({ err: error }, 'test push unanswered');
      return { result: 'no-server' };
    }
  }
}
