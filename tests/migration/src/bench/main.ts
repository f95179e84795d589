import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LegacyServers, PostgresServer } from '@teamtalk/local-stack';
import { smallStore } from '../legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, placesOn } from '../legacy/store.js';
import type { Truth } from '../legacy/truth.js';
import { prepareBareCopy } from './bare-copy.js';
import {
  type Copied,
  cutOver,
  followTraffic,
  logInFirst,
  rollBack,
  undoCutover,
  workOnNewServers,
} from './evening.js';
import { Importer } from './importer.js';
import { addMessages } from './new-messages.js';
import { describe, type Measured } from './table.js';
import { usageOf } from './usage.js';

const usage = `npm run bench:import -- [--messages N] [--users N] [--groups N] [--copy-only]
    [--rate N] [--seconds N] [--new-messages N] [--returned N] [--folder FOLDER] [--json]

  Migrates a generated legacy store: copies and verifies it, copies the same messages by a plain COPY for comparison, follows old
  servers at work, cuts over, logs a user in, and writes messages stored on the new side back.

  --messages      approximate number of messages (200000)
  --users         highest user id (5000)
  --groups        number of groups (500)
  --copy-only     stops after the comparison
  --rate          messages per second while following (200)
  --seconds       duration of following (30)
  --new-messages  messages added between the copy and a second cutover (0: only one cutover)
  --returned      messages stored on the new side and written back (2000)
  --folder        folder for the databases of the run; about 6 KB per message (default: the temporary folder)
  --json          prints JSON
`;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    users: { type: 'string', default: '5000' },
    groups: { type: 'string', default: '500' },
    'copy-only': { type: 'boolean', default: false },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '30' },
    'new-messages': { type: 'string', default: '0' },
    returned: { type: 'string', default: '2000' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Step = Partial<Pick<Measured, 'memory' | 'found'>>;

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(usage);
  const legacy = await LegacyServers.start('bench-import', values.folder);
  let postgres: PostgresServer | undefined;
  try {
    postgres = await PostgresServer.start({ ...legacy.place('postgres'), port: 0, durable: true });
    const places = placesOn(legacy);
    say(`making a store of about ${values.messages} messages`);
    const truth = await buildLegacyStore(storeOptions(), places);
    const { messages, steps } = await measure(places, truth, legacy, postgres);
    process.stdout.write(
      values.json ? `${JSON.stringify({ messages, steps })}\n` : describe(messages, steps),
    );
  } finally {
    await postgres?.stop();
    await legacy.stop();
  }
}

function storeOptions() {
  const [messages, users, groups] = [values.messages, values.users, values.groups].map(Number);
  return { ...smallStore, seed: 'bench', messages: messages!, users: users!, groups: groups! };
}

async function measure(
  places: LegacyPlaces,
  truth: Truth,
  { mariadb, folder }: LegacyServers,
  postgres: PostgresServer,
): Promise<{ messages: number; steps: Measured[] }> {
  const storage = path.join(folder, 'storage');
  await mkdir(storage);
  const env = { DATABASE_URL: postgres.url, STORAGE: 'local', STORAGE_DIR: storage, TMPDIR: folder };
  const copied: Copied = { places, truth, postgres, folder, importer: new Importer(places, env) };
  const pids = { mariadb: mariadb.pid, postgres: postgres.pid };
  const steps: Measured[] = [];
  const step = async (name: string, rows: number, work: () => Promise<Step>) => {
    say(name);
    let outcome: Step = {};
    const taken = await usageOf(pids, async () => {
      outcome = await work();
    });
    steps.push({ step: name, rows, memory: outcome.memory ?? 0, found: outcome.found ?? '', ...taken });
  };
  const { importer } = copied;
  await step('copy', 0, async () => ({ memory: (await importer.run('copy')).memory }));
  const [row] = await postgres.query<{ count: string }>('SELECT count(*) FROM message');
  const messages = Number(row!.count);
  steps[0]!.rows = messages;
  await step('verify', messages, async () => ({ memory: (await importer.run('verify')).memory }));
  const bareCopy = await prepareBareCopy(postgres, path.join(folder, 'postgres'));
  await postgres.query('CHECKPOINT');
  await step('bare COPY', messages, async () => {
    await postgres.query(bareCopy);
    return {};
  });
  await postgres.query('DROP SCHEMA bare CASCADE');
  if (!values['copy-only']) await measureEvening(copied, step);
  return { messages, steps };
}

async function measureEvening(
  copied: Copied,
  step: (name: string, rows: number, work: () => Promise<Step>) => Promise<void>,
): Promise<void> {
  const [rate, seconds, returned] = [values.rate, values.seconds, values.returned].map(Number);
  await step(`follow, ${rate} a second for ${seconds} s`, 0, () =>
    followTraffic(copied, { rate: rate!, seconds: seconds! }),
  );
  await step('cutover, nothing new', 0, () => cutOver(copied));
  const wanted = Number(values['new-messages']);
  if (wanted > 0) {
    await undoCutover(copied);
    const added = await addMessages(copied.places.mysql, wanted);
    await step(`cutover, ${added} new messages`, added, () => cutOver(copied));
  }
  await step('first login', 0, () => logInFirst(copied));
  await workOnNewServers(copied, returned!);
  await step('rollback', returned!, () => rollBack(copied, returned!));
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
