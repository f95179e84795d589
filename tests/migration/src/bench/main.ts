import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MariadbServer, PostgresServer, RedisServer } from '@teamtalk/local-stack';
import { smallStore } from '../legacy/options.js';
import { buildLegacyStore, type LegacyPlaces, usualDatabases } from '../legacy/store.js';
import { importWords, teamtalk } from '../teamtalk.js';
import { prepareBareCopy } from './bare-copy.js';
import { peakMemory, type StepUsage, usageOf } from './usage.js';

const usage = `npm run bench:import -- [--messages N] [--users N] [--groups N] [--folder FOLDER] [--json]

  Moves a generated legacy store, and compares with a COPY of the same messages into a table like theirs.

  --messages  about how many (200000)
  --users     the highest id (5000)
  --groups    how many (500)
  --folder    where the databases are for the time of it; needs about 6 KB a message (the temporary folder)
  --json      prints JSON
`;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    users: { type: 'string', default: '5000' },
    groups: { type: 'string', default: '500' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const projected = 100_000_000;

interface Measured extends StepUsage {
  step: string;
  /** of the importer, bytes; 0 where there is none */
  memory: number;
}

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(usage);
  const folder = await mkdtemp(path.join(values.folder, 'bench-import-'));
  await chmod(folder, 0o711);
  const at = (name: string) => ({
    dataDir: path.join(folder, name),
    logFile: path.join(folder, `${name}.log`),
    port: 0,
  });
  const mariadb = await MariadbServer.start(at('mariadb'));
  const redis = await RedisServer.start(at('redis'));
  const postgres = await PostgresServer.start({ ...at('postgres'), durable: true });
  try {
    const places: LegacyPlaces = {
      mysql: mariadb.url,
      redis: redis.url,
      databases: usualDatabases,
      folder: path.join(folder, 'old'),
    };
    say(`making a store of about ${values.messages} messages`);
    await buildLegacyStore(storeOptions(), places);
    const steps = await measure(places, { mariadb, postgres, folder });
    const [row] = await postgres.query<{ count: string }>('SELECT count(*) FROM message');
    const messages = Number(row!.count);
    process.stdout.write(
      values.json ? `${JSON.stringify({ messages, steps })}\n` : describe(messages, steps),
    );
  } finally {
    await Promise.all([mariadb.stop(), redis.stop(), postgres.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function storeOptions() {
  const [messages, users, groups] = [values.messages, values.users, values.groups].map(Number);
  return { ...smallStore, seed: 'bench', messages: messages!, users: users!, groups: groups! };
}

async function measure(
  places: LegacyPlaces,
  { mariadb, postgres, folder }: { mariadb: MariadbServer; postgres: PostgresServer; folder: string },
): Promise<Measured[]> {
  const storage = path.join(folder, 'storage');
  await mkdir(storage);
  const env = { DATABASE_URL: postgres.url, STORAGE: 'local', STORAGE_DIR: storage, TMPDIR: folder };
  const pids = { mariadb: mariadb.pid, postgres: postgres.pid };
  const steps: Measured[] = [];
  for (const step of ['copy', 'verify']) {
    say(step);
    let memory = 0;
    const taken = await usageOf(pids, async () => {
      memory = await run(importWords(step, places), env);
    });
    steps.push({ step, memory, ...taken });
  }
  say('a bare COPY');
  const bareCopy = await prepareBareCopy(postgres, path.join(folder, 'postgres'));
  await postgres.query('CHECKPOINT');
  const taken = await usageOf(pids, async () => {
    await postgres.query(bareCopy);
  });
  return [...steps, { step: 'bare COPY', memory: 0, ...taken }];
}

/** @returns the most memory that the importer had, bytes */
async function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const running = teamtalk(words, env);
  let memory = 0;
  const timer = setInterval(() => {
    memory = Math.max(memory, peakMemory(running.child.pid!));
  }, 200);
  const status = await running.ended;
  clearInterval(timer);
  if (status !== 0) throw new Error(`teamtalk ${words[0]} ${words[1]} failed:\n${running.output()}`);
  return memory;
}

function describe(messages: number, steps: readonly Measured[]): string {
  const bare = steps.at(-1)!;
  const total = ({ cpu }: StepUsage) => cpu.importer + cpu.MariaDB + cpu.PostgreSQL;
  const lines = steps.map((each) => {
    const { step, seconds, cpu, memory } = each;
    const microseconds = (cpuSeconds: number) => ((cpuSeconds * 1e6) / messages).toFixed(1);
    const parts = Object.entries(cpu).map(([name, used]) => `${name} ${microseconds(used)}`);
    return (
      `${step.padEnd(10)} ${seconds.toFixed(1)} s, ${Math.round(messages / seconds)} messages/s ` +
      `(${(bare.seconds / seconds).toFixed(3)} of a bare COPY); CPU microseconds a message: ${microseconds(total(each))} ` +
      `(${(total(each) / total(bare)).toFixed(1)} times a bare COPY; ${parts.join(', ')})` +
      `${memory > 0 ? `; ${Math.round(memory / 1e6)} MB` : ''}; ${projected / 1e6} million take ` +
      `${((seconds * projected) / messages / 3_600).toFixed(1)} h at this rate`
    );
  });
  return `${messages} messages\n${lines.join('\n')}\n`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
