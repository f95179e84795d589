import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testDatabase } from '@teamtalk/local-stack';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ClientDatabase, clientKinds, type LocalMessage } from './client-databases.js';
import { importIdeally } from './ideal-import.js';
import { generate } from './legacy/generate.js';
import { smallStore } from './legacy/options.js';
import type { Truth } from './legacy/truth.js';

vi.setConfig({ testTimeout: 120_000 });

/** What clients were told before the move, and what they are told after it. */
const before: LocalMessage[] = [];
let after: LocalMessage[];
/** the sessions that the import says it numbered anew */
let renumbered: Set<string>;
let truth: Truth;

beforeAll(async () => {
  truth = generate(smallStore, {
    row() {},
    redis() {},
    image() {},
    offlineFile() {},
    shown: (conv, messages) => {
      before.push(
        ...messages.map(({ msgId, data }) => ({ session: String(conv), msgId, text: data.toString('hex') })),
      );
    },
  });
  const storage = await mkdtemp(path.join(tmpdir(), 'client-databases-'));
  const database = await testDatabase();
  await importIdeally(smallStore, database.url, storage);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ session: string; msgId: number; text: string }>(
    `SELECT conv::text AS session, id AS "msgId", encode(data, 'hex') AS text FROM message ORDER BY conv, id DESC`,
  );
  after = rows;
  const changed = await client.query<{ conv: string }>('SELECT DISTINCT conv FROM legacy_import.message_map');
  renumbered = new Set(changed.rows.map(({ conv }) => conv));
  await client.end();
  await database.drop();
  await rm(storage, { recursive: true, force: true });
});

describe.each(clientKinds)('the local database of %s', (kind) => {
  let database: ClientDatabase;
  beforeAll(async () => {
    database = await ClientDatabase.open(kind);
  });
  afterAll(() => database.close());

  /** Sessions of which a number stands for another text than before, or than the server says. */
  function changedSessions(earlier: ReadonlyMap<string, string>): Set<string> {
    const now = database.rows();
    const sessions = new Set<string>();
    const note = (key: string) => sessions.add(key.split('/')[0]!);
    for (const [key, text] of earlier) if (now.get(key) !== text) note(key);
    for (const { session, msgId, text } of after)
      if (now.get(`${session}/${msgId}`) !== text) note(`${session}/${msgId}`);
    return sessions;
  }

  it('changes no text of a session whose numbers stay, and only where the import says so', () => {
    database.keep(before);
    const earlier = database.rows();
    expect(earlier.size).toBeGreaterThan(3_000);
    database.keep(after);
    const changed = changedSessions(earlier);
    for (const session of changed) expect(renumbered, session).toContain(session);
    // The test would notice: sessions that are numbered anew do change.
    expect(changed.size).toBeGreaterThan(5);
    for (const [conv, { renumberedFrom }] of truth.conversations) {
      expect(renumbered.has(String(conv)), `session ${conv}`).toBe(renumberedFrom > 0);
      if (renumberedFrom === 0) expect(changed.has(String(conv))).toBe(false);
    }
  });

  it('changes no text below the first number that is new', () => {
    const now = database.rows();
    const places = new Map<string, number>();
    for (const { session, msgId, text } of before) {
      const place = (places.get(session) ?? 0) + 1;
      places.set(session, place);
      if (place < truth.conversations.get(BigInt(session))!.renumberedFrom) {
        expect(now.get(`${session}/${msgId}`)).toBe(text);
      }
    }
  });

  it('has every text as the server has it once the sessions that are listed are emptied', () => {
    for (const session of renumbered) database.forget(session);
    const earlier = database.rows();
    database.keep(after);
    expect([...changedSessions(earlier)]).toEqual([]);
  });
});
