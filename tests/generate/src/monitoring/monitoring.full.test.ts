import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { canaryPrefix, loadConfig, startCanary } from '@teamtalk/canary';
import { FollowMetrics, serviceConfigurations } from '@teamtalk/cli';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { freePort, waitUntil } from '@teamtalk/local-stack';
import { Health, type MetricDefinition, type Service, startOpsServer } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alerts } from './alerts.js';
import { dashboards } from './dashboards.js';
import { metricsPage } from './metrics-page.js';

type ServiceName = Parameters<TestCluster['node']>[0];
/** Programs with metrics: the services, the canary and `teamtalk import follow`. */
type Source = ServiceName | 'canary' | 'import';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const services = [
  ...(Object.keys(serviceConfigurations) as ServiceName[]),
  'canary',
  'import',
] as const satisfies Source[];
const run = promisify(execFile);

/** Metrics by their name in a query. */
const known = new Map<string, MetricDefinition>();
let cluster: TestCluster;
let folder: string;
let canary: Service;
let importer: Awaited<ReturnType<typeof startOpsServer>>;
let prometheus: ChildProcess;
let prometheusUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-monitoring-'));
  const one = {
    login_server: 1,
    http_msg_server: 1,
    push_server: 1,
    file_server: 1,
    msfs: 1,
    web_server: 1,
    admin_server: 1,
  };
  const certificates = path.join(top, 'tests/e2e/src/certificates');
  const tls = {
    TLS_CERT_FILE: path.join(certificates, 'service.cert.pem'),
    TLS_KEY_FILE: path.join(certificates, 'service.key.pem'),
    TLS_PORTS: 'ws',
  };
  const pushService = {
    PUSH_SERVICE_URL: 'https://push.example.com',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
  };
  cluster = await TestCluster.start({
    mode: 'processes',
    ...one,
    envOf: { msg_server: tls, push_server: pushService },
  });
  importer = await startOpsServer({ host: '127.0.0.1', port: 0 }, new Health(), new FollowMetrics().metrics);
  canary = await startTestCanary();
  await startPrometheus();
});

afterAll(async () => {
  prometheus?.kill('SIGKILL');
  await canary?.stop();
  await importer?.stop();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('docs/reference/metrics.md names every metric', async () => {
  const definitions: [string, MetricDefinition[]][] = [];
  for (const service of services) definitions.push([service, await definitionsOf(service)]);
  await expect(metricsPage(definitions)).toMatchFileSnapshot(path.join(top, 'docs/reference/metrics.md'));
});

/** Labels that metrics may have: none whose values grow with users, addresses or messages. */
const boundedLabels = new Set([
  ...[
    'app',
    'asked',
    'code',
    'command',
    'error_code',
    'event',
    'hook',
    'kind',
    'limit',
    'major',
    'method',
    'minor',
  ],
  ...[
    'operation',
    'outcome',
    'patch',
    'provider',
    'reason',
    'result',
    'route',
    'rows',
    'space',
    'status',
    'type',
    'usable',
    'version',
    'way',
  ],
]);

it.each(services)(
  '%s names its metrics by what they count and in which unit, and bounds their labels',
  async (service) => {
    for (const { name, type, labels } of await definitionsOf(service)) {
      // prom-client names the metrics of the process.
      if (!/^(process|nodejs)_/.test(name)) {
        expect(name).toMatch(new RegExp(`^teamtalk_${service}_[a-z0-9]+(_[a-z0-9]+)*$`));
        expect(name.endsWith('_total'), name).toBe(type === 'counter');
        if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes|messages)$/);
      }
      for (const label of labels) expect(boundedLabels, `${name}: ${label}`).toContain(label);
    }
  },
);

/** Gauges to which prom-client gives names of counters, and which common dashboards expect under these names. */
const namedByTheLibrary =
  /^nodejs_active_(handles|requests|resources)_total non-counter metrics should not have "_total" suffix$/;

it.each(services)('promtool has no warnings about the metrics of %s', async (service) => {
  const text = await (await fetch(`http://127.0.0.1:${opsPort(service)}/metrics`)).text();
  const checked = run(process.env.PROMTOOL || 'promtool', ['check', 'metrics']);
  checked.child.stdin?.end(text);
  const remarks = await checked.then(
    () => '',
    ({ stderr }: { stderr: string }) => stderr,
  );
  expect(remarks.split('\n').filter((line) => line !== '' && !namedByTheLibrary.test(line))).toEqual([]);
});

describe('queries', () => {
  const metric = /\b(teamtalk|process|nodejs)_[a-z0-9_]+/g;

  it('of dashboards and alerts name metrics and labels that exist', async () => {
    for (const service of services)
      for (const each of await definitionsOf(service)) known.set(each.name, each);
    for (const query of allQueries()) {
      const names = query.replaceAll(/__name__=~"[^"]*"/g, '').match(metric) ?? [];
      const found = names.map(
        (name) => known.get(name) ?? known.get(name.replace(/_(bucket|sum|count)$/, '')),
      );
      expect(found.every(Boolean), query).toBe(true);
      for (const label of labelsOf(query)) {
        expect(
          found.every((each) => each?.labels.includes(label)),
          `${label} of ${query}`,
        ).toBe(true);
      }
    }
  });

  it('of every panel have an answer from a Prometheus that looks at a running installation', async () => {
    const makeTraffic = await traffic();
    const empty = async () => {
      await makeTraffic();
      const missing: string[] = [];
      for (const { title, panels } of dashboards) {
        for (const { title: panel, targets } of panels) {
          for (const { query } of targets) {
            if (!(await ask(query))) missing.push(`${title}, ${panel}: ${query}`);
          }
        }
      }
      return missing;
    };
    let missing = await empty();
    const settled = async () => {
      missing = await empty();
      return missing.length === 0;
    };
    await waitUntil(settled, {
      timeoutMs: 30_000,
      everyMs: 1_000,
      what: 'an answer to every query',
    }).catch(() => {});
    expect(missing).toEqual([]);
  }, 90_000);
});

function allQueries(): string[] {
  const panels = dashboards.flatMap((dashboard) => dashboard.panels);
  return [
    ...panels.flatMap(({ targets }) => targets.map(({ query }) => query)),
    ...alerts.map(({ expr }) => expr),
  ];
}

/** The labels a query groups by or selects, except those Prometheus adds itself. */
function labelsOf(query: string): string[] {
  const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list?.split(',') ?? []);
  const selected = [...query.matchAll(/[{,]\s*([a-z_]+)\s*=/g)].map(([, label]) => label ?? '');
  const own = new Set(['le', 'job', 'namespace', 'instance', '__name__']);
  return [...grouped, ...selected].map((label) => label.trim()).filter((label) => !own.has(label));
}

function opsPort(source: Source): number {
  if (source === 'canary') return canary.ports.ops ?? 0;
  return source === 'import' ? importer.port : cluster.port(source, 0, 'ops');
}

async function definitionsOf(service: Source): Promise<MetricDefinition[]> {
  const url = `http://127.0.0.1:${opsPort(service)}/metrics/reference`;
  return (await fetch(url)).json() as Promise<MetricDefinition[]>;
}

/** @returns a function that causes samples for every graph: messages from a client and from the API, images, files, a request */
async function traffic(): Promise<() => Promise<void>> {
  const ids = await cluster.addUsers(['a', 'b']);
  const a = await cluster.connect('a');
  const b = await cluster.connect('b');
  let got = 0;
  b.on('message', () => got++);
  return async () => {
    const before = got;
    await a.send({ user: ids.b ?? 0 }, 'for the graphs');
    await a.unread();
    await fetch(`${cluster.url('login_server')}/msg_server`);
    await fetch(`${cluster.url('web_server')}/config.json`);
    await fetch(`${cluster.url('msfs')}/g0/000/000/nothing.png`);
    await fetch(`${cluster.url('admin_server')}/admin/v1/session`);
    const image = new FormData();
    image.append('file', new Blob([Buffer.alloc(1_000)]), 'x.png');
    await fetch(cluster.url('msfs'), { method: 'POST', body: image });
    const push = JSON.stringify({ from_user_id: ids.a, session_id: ids.b, msg: 'hello', msg_type: 3 });
    await fetch(`${cluster.url('http_msg_server')}/query/SendP2PMessage`, { method: 'POST', body: push });
    await waitUntil(() => got === before + 2, { what: 'both messages delivered' });
  };
}

async function startTestCanary(): Promise<Service> {
  await cluster.addUsers([`${canaryPrefix}1`, `${canaryPrefix}2`]);
  const config = loadConfig({
    LOG_LEVEL: 'silent',
    OPS_HOST: '127.0.0.1',
    OPS_PORT: '0',
    CANARY_SERVERS: `127.0.0.1:${cluster.port('msg_server', 0, 'client')}`,
    CANARY_USERS: '2',
    CANARY_PASSWORD: testPassword,
  });
  return startCanary(config);
}

async function startPrometheus(): Promise<void> {
  const jobs = services.map((service) => ({
    job_name: service,
    static_configs: [{ targets: [`127.0.0.1:${opsPort(service)}`] }],
  }));
  const config = path.join(folder, 'prometheus.yml');
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }));
  const port = await freePort(0);
  const words = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  prometheus = spawn(process.env.PROMETHEUS || 'prometheus', words, { stdio: 'ignore' });
  prometheusUrl = `http://127.0.0.1:${port}`;
  await waitUntil(async () => (await fetch(`${prometheusUrl}/-/ready`).catch(() => undefined))?.ok, {
    timeoutMs: 20_000,
    what: 'Prometheus ready',
  });
}

/** Whether a query has an answer that is not only "not a number", which a percentile of no samples is. */
async function ask(query: string): Promise<boolean> {
  const inGrafana = query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(namespace|instance)/g, '.*');
  const url = `${prometheusUrl}/api/v1/query?query=${encodeURIComponent(inGrafana)}`;
  const answer = (await (await fetch(url)).json()) as {
    status: string;
    error?: string;
    data?: { result: { value: [time: number, value: string] }[] };
  };
  if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
  return (answer.data?.result ?? []).some(({ value }) => value[1] !== 'NaN');
}
