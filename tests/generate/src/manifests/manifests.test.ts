import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { envSchema as canarySchema } from '@teamtalk/canary';
import { serviceConfigurations } from '@teamtalk/cli';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseEnv } from './config-env.js';
import { allowedTraffic, unrestricted } from './network.js';
import { judge, rules } from './policy.js';
import type { Manifest } from './rendered.js';
import { folderOf } from './settings.js';
import { configMapOf, renderEverything, specOf, top } from './testing/renderings.js';
import { typeCheck } from './testing/type-check.js';
import { type Workload, workloadsOf } from './workloads.js';

/** Variables that only the values of others use. */
const partsOfOthers = new Set(['POD_IP', 'DATABASE_PASSWORD']);

let rendered: Map<string, Manifest[]>;
beforeAll(async () => {
  rendered = await renderEverything();
});

describe('every rendering', () => {
  it('consists of objects of the types Kubernetes knows, without unknown fields', async () => {
    const problems = await typeCheck([...rendered.values()].flat());
    expect(problems).toBe('');
  });

  it('is refused by the type check when a field has another name', async () => {
    const deployment = structuredClone(
      [...rendered.values()].flat().find(({ kind }) => kind === 'Deployment'),
    );
    const container = workloadsOf(deployment ? [deployment] : [])[0]?.pod.containers[0];
    Object.assign(container ?? {}, { imagePullPolice: 'Always' });
    expect(await typeCheck(deployment ? [deployment] : [])).toContain('imagePullPolice');
  });

  it('has containers that keep every rule', () => {
    for (const [name, manifests] of rendered) {
      for (const { container, kept } of workloadsOf(manifests).flatMap(judge)) {
        const broken = rules.filter((_, k) => !kept[k]).map(({ title }) => title);
        expect(broken, `${name}: ${container}`).toEqual([]);
      }
    }
  });

  it('lets db_proxy_server and the migration reach PostgreSQL, and nobody else', () => {
    const store = /postgresql/;
    for (const [name, manifests] of rendered) {
      const rows = allowedTraffic(manifests, workloadsOf(manifests));
      const reach = rows.filter(({ to, ports }) => store.test(to) && ports.includes('5432'));
      expect(reach.map(({ from }) => from).sort(), name).toEqual(['db-proxy-server', 'migrate']);
    }
  });

  it('is open to nobody without a key or a login, which the images would refuse', () => {
    for (const [name, manifests] of rendered) {
      const settings = [
        configMapOf('http-msg-server', manifests).get('HTTP_AUTH'),
        configMapOf('msfs', manifests).get('MSFS_UPLOAD_AUTH'),
      ];
      expect(settings, name).toEqual([name === 'prod' ? 'keys' : 'addresses', 'addresses']);
    }
  });

  it('lets Prometheus reach the health port of every service, by one ServiceMonitor', () => {
    const manifests = rendered.get('prod') ?? [];
    const monitor = specOf<{ selector: { matchLabels: object }; endpoints: { port: string }[] }>(
      manifests,
      'ServiceMonitor',
    );
    const metrics = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'metrics');
    expect(metrics?.metadata.labels).toMatchObject(monitor.selector.matchLabels);
    const { selector, ports } = specOf<{ selector: object; ports: { name: string; targetPort: string }[] }>(
      manifests,
      'Service',
      'metrics',
    );
    expect(ports.map(({ name }) => name)).toEqual(monitor.endpoints.map(({ port }) => port));
    for (const name of Object.keys(serviceConfigurations).map(folderOf)) {
      const workload = workloadsOf(manifests).find((each) => each.name === name);
      expect(workload?.podLabels).toMatchObject(selector);
      const named = workload?.pod.containers[0]?.ports?.map((port) => port.name);
      expect(named, name).toContain(ports[0]?.targetPort);
    }
  });

  it('has nothing secret in a ConfigMap', () => {
    const secret = /(PASSWORD|SECRET_ACCESS_KEY|ACCESS_KEY_ID|TOKENS?|CREDS|HEADERS|_KEYS?|DATABASE_URL)$/;
    for (const [name, manifests] of rendered) {
      for (const { data, kind } of manifests) {
        if (kind !== 'ConfigMap') continue;
        expect(
          Object.keys(data ?? {}).filter((variable) => secret.test(variable)),
          name,
        ).toEqual([]);
      }
    }
  });

  it('gives the migration nothing that its program does not know', async () => {
    const { envSchema } = await serviceConfigurations.db_proxy_server!();
    for (const manifests of rendered.values()) {
      const job = workloadsOf(manifests).find(({ kind }) => kind === 'Job');
      const grants = ['GRANT_TO', 'GRANT_TO_PASSWORD', 'GRANT_READ_TO', 'GRANT_READ_TO_PASSWORD'];
      const given = [...variablesOf(job, manifests)].filter((variable) => !partsOfOthers.has(variable));
      expect(given).toEqual(['DATABASE_URL', ...grants]);
      expect(envSchema).toHaveProperty('DATABASE_URL');
    }
  });

  it('leaves no pod without a policy', () => {
    for (const [name, manifests] of rendered) {
      const workloads = workloadsOf(manifests);
      expect(unrestricted(manifests, workloads, 'Ingress'), name).toEqual([]);
      expect(unrestricted(manifests, workloads, 'Egress'), name).toEqual([]);
    }
  });

  it('sets every variable of every service, none that the service does not know', async () => {
    for (const [name, manifests] of rendered) {
      for (const [service, load] of Object.entries(serviceConfigurations)) {
        const workload = workloadsOf(manifests).find((each) => each.name === folderOf(service));
        const { envSchema } = await load();
        const given = variablesOf(workload, manifests);
        const unknown = [...given].filter(
          (variable) => !(variable in envSchema) && !partsOfOthers.has(variable),
        );
        expect(unknown, `${name}: ${service} does not know`).toEqual([]);
        const missing = Object.keys(envSchema).filter((variable) => !given.has(variable));
        expect(missing, `${name}: ${service} is not given`).toEqual([]);
      }
    }
  });
});

it('tracing lets every service reach the collector, and tells it where that is', () => {
  const manifests = rendered.get('tracing') ?? [];
  const services = Object.keys(serviceConfigurations).map(folderOf).sort();
  const rows = allowedTraffic(manifests, workloadsOf(manifests));
  const reach = rows.filter(({ to }) => to.includes('teamtalk/traces=allowed')).map(({ from }) => from);
  expect(reach).toEqual(expect.arrayContaining(services));
  const endpoints = services.map((name) => configMapOf(name, manifests).get('OTEL_EXPORTER_OTLP_ENDPOINT'));
  expect(endpoints).toEqual(services.map(() => 'http://otel-collector.tracing:4318'));
});

it('outside-push lets push_server reach public addresses only, not the cluster or the metadata of the cloud', () => {
  const { egress } = specOf<{ egress: object[] }>(
    rendered.get('outside-push') ?? [],
    'NetworkPolicy',
    'outside-push',
  );
  const privateNetworks = [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.168.0.0/16',
  ];
  expect(egress).toEqual([
    {
      to: [
        { ipBlock: { cidr: '0.0.0.0/0', except: privateNetworks } },
        { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] } },
      ],
      ports: [{ port: 443 }],
    },
  ]);
});

it('push-hosts lets push_server reach the hosts in it, and nothing else outside, not even Apple', () => {
  const manifests = rendered.get('push-hosts') ?? [];
  const rows = allowedTraffic(manifests, workloadsOf(manifests)).filter(({ from }) => from === 'push-server');
  const outside = rows.filter(({ to }) => /^(\d|:|anybody)/.test(to));
  expect(outside).toEqual([{ from: 'push-server', to: '192.0.2.1/32', ports: '3128' }]);
});

it('Argo CD migrates before each sync, with everything the Job needs, and Flux replaces the Job', () => {
  const manifests = (rendered.get('gitops') ?? []) as (Manifest & {
    metadata: { annotations?: Record<string, string> };
  })[];
  const hooks = manifests.filter(({ metadata }) => metadata.annotations?.['argocd.argoproj.io/hook']);
  const waves = hooks.map(({ kind, metadata: { name, annotations } }) => [
    `${kind} ${name}`,
    annotations?.['argocd.argoproj.io/hook'],
    annotations?.['argocd.argoproj.io/hook-delete-policy'],
    annotations?.['argocd.argoproj.io/sync-wave'] ?? annotations?.['kustomize.toolkit.fluxcd.io/force'],
  ]);
  expect(waves.sort()).toEqual([
    ['Job migrate', 'PreSync', 'BeforeHookCreation', 'enabled'],
    ['NetworkPolicy migrate', 'PreSync', 'BeforeHookCreation', '-1'],
    ['ServiceAccount migrate', 'PreSync', 'BeforeHookCreation', '-1'],
  ]);
});

it('the canary gets exactly the variables it knows, and reaches only msg_servers', () => {
  const manifests = rendered.get('canary') ?? [];
  const workloads = workloadsOf(manifests);
  const canary = workloads.find(({ name }) => name === 'canary');
  expect([...variablesOf(canary, manifests)].sort()).toEqual(Object.keys(canarySchema).sort());
  const rows = allowedTraffic(manifests, workloads).filter(({ from }) => from === 'canary');
  expect(rows.filter(({ ports }) => !/^53\b/.test(ports))).toEqual([]);
  // Anybody may reach the clients' port of a msg_server; the canary's own policy allows it to connect there.
  expect(canary?.podLabels).toMatchObject({ 'app.kubernetes.io/part-of': 'teamtalk' });
  const { egress } = specOf<{ egress: object[] }>(manifests, 'NetworkPolicy', 'canary');
  expect(egress).toEqual([
    {
      to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'msg-server' } } }],
      ports: [{ port: 8000 }],
    },
  ]);
  const pods = specOf<{ clusterIP: string; selector: object }>(manifests, 'Service', 'msg-server-pods');
  expect(configMapOf('canary', manifests).get('CANARY_SERVERS')).toBe('msg-server-pods:8000');
  expect(pods).toMatchObject({ clusterIP: 'None', selector: { 'app.kubernetes.io/name': 'msg-server' } });
});

describe('config.env', () => {
  it('has each variable once', async () => {
    for (const service of Object.keys(serviceConfigurations)) {
      const text = await readFile(path.join(top, `k8s/base/${folderOf(service)}/config.env`), 'utf8');
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(parseEnv(text).size).toBe(lines.length);
    }
  });
});

function variablesOf(workload: Workload | undefined, manifests: readonly Manifest[]): Set<string> {
  const containers = workload?.pod.containers ?? [];
  const direct = containers.flatMap(({ env }) => env ?? []).map(({ name }) => name);
  const fromMaps = containers
    .flatMap(({ envFrom }) => envFrom ?? [])
    .flatMap(({ configMapRef }) => [...configMapOf(configMapRef?.name ?? '', manifests).keys()]);
  return new Set([...direct, ...fromMaps]);
}
