import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { serviceConfigurations } from '@teamtalk/cli';
import { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import type { Row, State, Totals } from '@teamtalk/observer';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../../../../services/cli/bin/teamtalk.mjs', import.meta.url));
const services = [
  'login_server',
  'msg_server',
  'route_server',
  'db_proxy_server',
  'http_msg_server',
  'push_server',
  'file_server',
  'msfs',
  'web_server',
  'admin_server',
] as const;

interface Sample {
  time: string;
  totals: Totals;
  instances: Row[];
}

let cluster: TestCluster;
const running: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    ...Object.fromEntries(services.map((service) => [service, 2])),
    // Messages pass a route_server, whose rates are shown.
    envOf: { db_proxy_server: { DIRECT_DELIVERY: 'false' } },
  });
  await cluster.addUsers(['alice', 'bob']);
}, 120_000);
afterAll(() => cluster?.stop());
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** `npx teamtalk top` as a process of its own. */
function top(words: string[], { env = {} } = {}) {
  return run(process.execPath, [bin, 'top', ...words], env);
}

function run(command: string, words: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command, words, {
    env: {
      ...process.env,
      NATS_URL: cluster.nats.url,
      NATS_PREFIX: cluster.nats.prefix,
      ...env,
    },
  });
  running.push(child);
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const samples = (): Sample[] =>
    out.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Sample);
  const states = (): string[] =>
    (samples().at(-1)?.instances ?? []).map(
      ({ service, instance, state }) => `${service} ${instance} ${state}`,
    );
  return { child, out, status, samples, states };
}

function named(service: (typeof services)[number], k: number, state: State): string {
  return `${service} ${cluster.node(service, k).instance.toString(16).padStart(8, '0')} ${state}`;
}

it('knows every service', () => {
  expect([...services].sort()).toEqual(Object.keys(serviceConfigurations).sort());
});

it('finds all instances by NATS and shows each one’s figures', async () => {
  const { status, samples, out } = top(['--once', '--json', '--interval', '1']);
  expect(await status, out.stderr).toBe(0);
  const [sample] = samples();
  expect(sample!.instances.map(({ service }) => service)).toEqual(services.flatMap((each) => [each, each]));
  for (const row of sample!.instances) {
    expect(row).toMatchObject({
      state: 'up',
      note: '',
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    });
    expect(row.memoryBytes, row.service).toBeGreaterThan(10_000_000);
    expect(row.cpuCores, row.service).toBeGreaterThanOrEqual(0);
    expect(row.eventLoopSeconds, row.service).toBeGreaterThan(0);
    expect(row.busSeconds, row.service).toBeGreaterThan(0);
  }
  expect(sample!.totals).toMatchObject({ connections: 0, takenPerSecond: 0, outboxBatches: 0 });
});

it('shows the rates of a known load', async () => {
  const alice = await cluster.connect('alice', { server: 0 });
  const bob = await cluster.connect('bob', { server: 1 });
  const user = bob.userId;
  const { samples, child, status } = top(['--json', '--interval', '1']);
  await waitUntil(() => samples().length >= 2, { what: 'two samples' });
  const messages = 400;
  for (let i = 0; i < messages; i += 4) {
    await Promise.all([0, 1, 2, 3].map((k) => alice.send({ user }, `message ${i + k}`)));
  }
  await cluster.settle();
  const sent = samples().length;
  await waitUntil(() => samples().length >= sent + 2, { what: 'the samples after the load' });

  const all = samples();
  /** The sum of a rate over all samples. */
  const total = (figure: 'takenPerSecond' | 'ackedPerSecond' | 'deliveredPerSecond', service: string) =>
    all.reduce((sum, { time, instances }, i) => {
      const seconds = i === 0 ? 0 : (Date.parse(time) - Date.parse(all[i - 1]!.time)) / 1000;
      return (
        sum +
        instances.reduce((rate, row) => rate + (row.service === service ? (row[figure] ?? 0) : 0), 0) *
          seconds
      );
    }, 0);
  for (const value of [
    total('takenPerSecond', 'msg_server'),
    total('ackedPerSecond', 'msg_server'),
    total('deliveredPerSecond', 'msg_server'),
    total('ackedPerSecond', 'db_proxy_server'),
    total('takenPerSecond', 'route_server'),
  ]) {
    expect(value).toBeGreaterThan(messages * 0.7);
    expect(value).toBeLessThan(messages * 1.3);
  }
  expect(all.at(-1)!.totals.connections).toBe(2);
  child.kill('SIGTERM');
  expect(await status).toBe(0);
});

it('reads a list of addresses without NATS, as text for people', async () => {
  const port = (k: number) => `127.0.0.1:${cluster.port('msg_server', k, 'ops')}`;
  const list = `${port(0)},http://${port(1)}/metrics,127.0.0.1:1`;
  const { status, out } = top(['--once', '--interval', '0.5', '--metrics', list], {
    env: { NATS_URL: 'nats://127.0.0.1:1' },
  });
  expect(await status, out.stderr).toBe(0);
  expect(out.stdout).toMatch(/^teamtalk top {2}\d\d:\d\d:\d\d {2}3 addresses {2}2 up, 1 no answer$/m);
  expect(out.stdout).toMatch(/^SERVICE +INSTANCE +ADDRESS +STATE +CONNS .* NOTE$/m);
  expect(out.stdout.match(/^msg_server +- +127\.0\.0\.1:\d+ +up .*$/gm)).toHaveLength(2);
  expect(out.stdout).toMatch(/^\? +- +127\.0\.0\.1:1 +no answer .* connection refused$/m);
  expect(out.stdout).not.toContain('\u001b');
});

it.each([
  [
    'no NATS',
    [],
    { NATS_URL: 'nats://127.0.0.1:1' },
    'teamtalk: no NATS server answers at nats://127.0.0.1:1\n',
  ],
  [
    'nobody on NATS',
    [],
    { NATS_PREFIX: 'nobody' },
    /^teamtalk: no instance announces itself at nats:\S+, prefix nobody: is NATS_PREFIX right/,
  ],
  [
    'no address that answers',
    ['--metrics', '127.0.0.1:1'],
    {},
    'teamtalk: nothing answers at 127.0.0.1:1 (connection refused)\n',
  ],
  [
    'no address at all',
    ['--metrics', 'here'],
    {},
    "teamtalk: --metrics: here is no host:port of a service's health and metrics\n",
  ],
])('says what is wrong: %s', async (_, words, env, message) => {
  const { status, out } = top(['--once', ...words], { env });
  expect(await status).toBe(1);
  if (typeof message === 'string') expect(out.stderr).toBe(message);
  else expect(out.stderr).toMatch(message);
});

it('gives the terminal back after Ctrl-C', async () => {
  // `script` gives the command a terminal of its own.
  const command = `stty rows 20 cols 100; exec '${process.execPath}' '${bin}' top --interval 0.5`;
  const { child, out, status } = run('script', ['-qec', command, '/dev/null']);
  await waitUntil(() => out.stdout.split('\u001b[H').length > 3, {
    timeoutMs: 30_000,
    what: 'three pictures',
  });
  const pictures = out.stdout;
  child.stdin!.write('\u0003');
  expect(await status).toBe(0);
  expect(out.stdout).toContain('\u001b[?1049h\u001b[?25l');
  expect(out.stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  // Nothing is cleared before it is drawn over, and no line is longer than the terminal is wide.
  expect(out.stdout).not.toContain('\u001b[2J');
  const lines = pictures
    .slice(0, pictures.lastIndexOf('\u001b[?2026h'))
    .replaceAll('\u001b[H', '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's language is made of them
    .replaceAll(/\u001b\[[?\d]*[A-Za-z]/g, '')
    // The terminal puts a carriage return before each line break.
    .split(/\r*\n/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});

it('shows who comes, stops, does not answer and is lost', async () => {
  const { states, samples, child, status } = top(['--json', '--interval', '0.5']);
  await waitUntil(() => states().length === 2 * services.length, { what: 'all instances' });
  const [stopped, killed, frozen] = [
    named('msfs', 1, 'stopped'),
    named('route_server', 1, 'lost'),
    named('msg_server', 1, 'no answer'),
  ];
  await cluster.kill('msg_server', 1, 'SIGSTOP');
  await waitUntil(() => states().includes(frozen), { what: 'the one that does not answer' });
  await cluster.kill('msg_server', 1, 'SIGCONT');
  await cluster.kill('route_server', 1);
  await cluster.stopNode('msfs', 1);
  await waitUntil(() => states().includes(stopped), { what: 'the one that stopped' });
  await waitUntil(() => states().includes(killed), { timeoutMs: 30_000, what: 'the one that was killed' });
  const added = await cluster.add('login_server');
  await waitUntil(() => states().includes(named('login_server', added, 'up')), { what: 'the new one' });
  expect(
    samples()
      .at(-1)!
      .instances.find(({ note }) => note === 'new')?.service,
  ).toBe('login_server');
  child.kill('SIGINT');
  expect(await status).toBe(0);
});
