import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { dataFolder } from '@teamtalk/cluster';
import { emptyCounts, UsageWatch, usageBetween } from '@teamtalk/load-generator';
import { bareServer, loadBareServer } from '../bare-server.js';
import type { Shape } from '../bench-cluster.js';
import { figureTarget, latencyTarget, rateTarget, type Scenario, type ScenarioContext } from '../scenario.js';

/** The default cost of password checks. */
const realHash: Shape = {
  envOf: { db_proxy_server: { ARGON2_MEMORY_KIB: '19456', ARGON2_ITERATIONS: '2' } },
};

const coldUsers = 1_000;

const coldLogins: Scenario = {
  name: 'login-cold',
  title: 'first logins, each with an argon2 computation (19 MiB, 2 passes)',
  shape: realHash,
  fresh: true,
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('c', coldUsers, true);
    const total = quick ? 40 : coldUsers;
    return load('login', { prefix: 'c', users: total, total, concurrency: 32, seconds: 60 });
  },
};

function warmLogins(name: string, title: string, clientType: string): Scenario {
  return {
    name,
    title,
    shape: realHash,
    targets: [rateTarget('logins', 3_500), latencyTarget('login', 'p99', 1_000)],
    run: async ({ cluster, load, quick }) => {
      await cluster.haveUsers('c', coldUsers, true);
      const users = quick ? 40 : coldUsers;
      const common = { prefix: 'c', users, concurrency: 32, 'client-type': clientType };
      // Fills the credential cache; not measured.
      await load('login', { ...common, total: users, seconds: 60 });
      return load('login', { ...common, total: quick ? 400 : 30_000, seconds: 60, concurrency: 200 });
    },
  };
}

const storm: Scenario = {
  name: 'storm',
  title: 'all clients of a msg_server lose their connection at once and reconnect',
  targets: [
    figureTarget('notBack', 'clients', { atMost: 0 }),
    { what: 'all back after', unit: 's', measure: ({ seconds }) => seconds, atMost: 30 },
  ],
  run: async ({ cluster, load, quick, maxConnections }) => {
    const users = quick ? 500 : Math.min(20_000, maxConnections);
    await cluster.haveUsers('u', users);
    return load('storm', { users, concurrency: 200, patience: 120, seconds: 120 });
  },
};

/** @param certificate with TLS: the variables that name its files */
async function idle(
  { cluster, load, quick, maxConnections, say }: ScenarioContext,
  certificate?: Readonly<Record<string, string>>,
) {
  const tls = certificate !== undefined;
  const users = quick ? 500 : Math.min(20_000, maxConnections);
  await cluster.haveUsers('u', users);
  const options = { users, concurrency: 200, heartbeat: 30, warmup: quick ? 1 : 20, seconds: quick ? 3 : 60 };
  const result = await load('idle', { ...options, tls });
  // The baseline: sockets and heartbeats in Node and the system.
  await cluster.leave();
  const bare = await loadBareServer('message-server', 'idle', { ...options, tls }, { say, env: certificate });
  const figures = {
    ...result.figures,
    'bare server, CPU % of a core': bare.usage[bareServer]?.cpuPercent ?? 0,
    'bare server, KiB a connection': bare.figures?.[`${bareServer} KiB a connection`] ?? 0,
  };
  return { ...result, figures };
}

const plainIdle: Scenario = {
  name: 'idle',
  title: 'as many logged-in connections as possible (20,000 at most), a heartbeat every 30 s',
  fresh: true,
  targets: [
    figureTarget('msg_server KiB a connection', 'KiB', { atMost: 5 }),
    {
      what: 'msg_server CPU',
      unit: '% of a core',
      measure: ({ usage }) => usage.msg_server?.cpuPercent,
      atMost: 1,
    },
  ],
  run: (context) => idle(context),
};

const allServices: Shape = { counts: { push_server: 1, file_server: 1, msfs: 1 } };

const idleInstallation: Scenario = {
  name: 'idle-installation',
  title: 'one process of each service, with PostgreSQL and NATS, that nobody uses',
  shape: allServices,
  fresh: true,
  targets: [figureTarget('all, % of a core', '% of a core', { atMost: 2 })],
  run: async ({ cluster, quick, say }) => {
    const [warmup, seconds] = quick ? [1, 3] : [20, 60];
    const watch = new UsageWatch(cluster.watched());
    await setTimeout(warmup * 1000);
    const before = watch.sample();
    await setTimeout(seconds * 1000);
    const { generator: _, ...usage } = usageBetween(before, watch.sample());
    const cpuSeconds = Object.values(usage).reduce((sum, used) => sum + used.cpuSeconds, 0);
    for (const [name, { cpuPercent, switches }] of Object.entries(usage)) {
      say(`  ${name}: ${cpuPercent} % of a core, ${(switches / seconds).toFixed(1)} wake-ups/s`);
    }
    const wakeUps = Object.entries(usage).map(([name, { switches }]) => {
      return [`${name}, wake-ups/s`, Number((switches / seconds).toFixed(1))];
    });
    return {
      mode: 'none',
      wantedRate: 0,
      seconds,
      rates: {},
      latency: {},
      timeline: {},
      usage,
      connections: emptyCounts(),
      figures: {
        'all, % of a core': Number(((cpuSeconds / seconds) * 100).toFixed(2)),
        ...Object.fromEntries(wakeUps),
      },
    };
  },
};

const tlsIdle: Scenario = {
  name: 'idle-tls',
  title: 'the same with TLS',
  targets: [figureTarget('msg_server KiB a connection', 'KiB', { atMost: 10 })],
  run: async (context) => {
    const certificate = makeCertificate();
    const files = { TLS_CERT_FILE: certificate.cert, TLS_KEY_FILE: certificate.key };
    await context.reshape({ envOf: { msg_server: files } });
    return idle(context, files);
  },
};

const echo: Scenario = {
  name: 'echo',
  title: 'heartbeats of 1,000 connections, each sent when the last one came back',
  targets: [rateTarget('echoed', 90_000)],
  baseline: 'echo',
  run: async ({ cluster, load, quick }) => {
    await cluster.haveUsers('u', 1_000);
    return load('echo', { users: quick ? 100 : 1_000, seconds: quick ? 2 : 20 });
  },
};

export const sessionScenarios: readonly Scenario[] = [
  coldLogins,
  warmLogins('login-warm', 'logins of users who proved their password a while ago, mobile clients', 'ios'),
  warmLogins('login-warm-pc', 'the same, PC clients', 'windows'),
  echo,
  idleInstallation,
  plainIdle,
  tlsIdle,
  storm,
];

/** A self-signed certificate. */
function makeCertificate(): { cert: string; key: string } {
  mkdirSync(dataFolder, { recursive: true });
  const cert = path.join(dataFolder, 'cert.pem');
  const key = path.join(dataFolder, 'key.pem');
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=127.0.0.1', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...words, ...subject], { stdio: 'ignore' });
  return { cert, key };
}
