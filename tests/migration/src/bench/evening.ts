import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TargetDatabase, workAsNewServers } from '@teamtalk/cli/import-rehearse';
import { freePort, type PostgresServer, waitUntil } from '@teamtalk/local-stack';
import { createTextCodec, DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { OldServers } from '../legacy/old-servers.js';
import type { LegacyPlaces } from '../legacy/store.js';
import type { Truth } from '../legacy/truth.js';
import { firstLogin } from './first-login.js';
import type { Ended, Importer } from './importer.js';

/** An installation with a copy of the legacy store. */
export interface Copied {
  places: LegacyPlaces;
  postgres: PostgresServer;
  /** what the legacy store contains */
  truth: Truth;
  importer: Importer;
  /** folder for the importer's records */
  folder: string;
}

/** The result of a step, in addition to its cost. */
interface Outcome extends Ended {
  found: string;
}

/** Measures `follow` while old servers store messages for some time. */
export async function followTraffic(
  { places, importer }: Copied,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<Outcome> {
  const port = await freePort(39_118);
  const metric = (name: string) => metricOf(port, name);
  const servers = await OldServers.open(places);
  let worst = 0;
  try {
    const ended = await importer.run('follow', ['--metrics', `127.0.0.1:${port}`], async ({ ended: end }) => {
      let isOver = false;
      void end.then(() => (isOver = true));
      const until = async (what: string, timeoutMs: number, isSo: () => Promise<boolean>) =>
        waitUntil(async () => isOver || (await isSo()), { timeoutMs, what, everyMs: 200 });
      // The first pass reads all state; messages are followed from the beginning.
      await until('the first pass', 600_000, async () => (await metric('state_lag_seconds')) < 5);
      const working = servers.work(rate);
      const begin = performance.now();
      await until('the end of the traffic', seconds * 1_000 + 60_000, async () => {
        worst = Math.max(worst, await metric('lag_seconds'));
        return performance.now() - begin >= seconds * 1_000;
      });
      servers.stop();
      await working;
      await until('the last rows', 600_000, async () => (await metric('rows_behind')) === 0);
    });
    return { ...ended, found: `${servers.messages} messages came, at most ${worst.toFixed(1)} s behind` };
  } finally {
    await servers.close();
  }
}

async function metricOf(port: number, name: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
  const line = new RegExp(`^teamtalk_import_${name} (.*)$`, 'm').exec((await response?.text()) ?? '');
  return line ? Number(line[1]) : Number.NaN;
}

export async function cutOver({ importer, folder }: Copied): Promise<Outcome> {
  const ended = await importer.run('cutover', ['--report', folder]);
  const record = JSON.parse(await readFile(path.join(folder, 'teamtalk-cutover.json'), 'utf8')) as {
    closedSeconds: number;
  };
  return { ...ended, found: `old servers stopped for ${record.closedSeconds.toFixed(1)} s of it` };
}

/** Starts the new servers, and logs a user in. */
export async function logInFirst({ postgres, folder, truth }: Copied): Promise<{ found: string }> {
  const seconds = await firstLogin(postgres, folder, truth);
  return { found: `logged in ${seconds.toFixed(1)} s after the start of the new servers` };
}

/** Makes the old servers the active ones again. No user was on the new ones. */
export async function undoCutover({ postgres }: Copied): Promise<void> {
  await postgres.query(`DELETE FROM legacy_import.step WHERE name = 'cutover'`);
  const kept = await postgres.query<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'legacy_import'::regnamespace AND relkind = 'r' AND relname LIKE 'before\\_%'`);
  for (const { name } of kept) await postgres.query(`DROP TABLE legacy_import.${name}`);
}

/** Stores messages the way the new servers do. */
export async function workOnNewServers({ postgres }: Copied, messages: number): Promise<void> {
  const database = new TargetDatabase(postgres.url, 1);
  try {
    const data = createTextCodec(DEFAULT_TEXT_KEY).encrypt('a message after the move');
    await workAsNewServers(database, { data, messages });
  } finally {
    await database.close();
  }
}

export async function rollBack({ places, importer }: Copied, messages: number): Promise<Outcome> {
  const ended = await importer.run('rollback', ['--write-mysql', places.mysql, '--once', '--json']);
  const line = ended.output.split('\n').findLast((each) => each.startsWith('{'));
  const result = JSON.parse(line ?? '{}') as { messages?: number };
  if (result.messages !== messages) {
    throw new Error(`${result.messages} of ${messages} messages were written back:\n${ended.output}`);
  }
  return { ...ended, found: `${messages} messages written back` };
}
