import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceConfigurations } from '../services.js';
import { parseEnv } from './config-env.js';
import { allowedTraffic, unrestricted } from './network.js';
import { judge, rules } from './policy.js';
import { type Manifest, overlayNames, renderOverlay } from './rendered.js';
import { folderOf } from './settings.js';
import { type Probe, type Workload, workloadsOf } from './workloads.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const run = promisify(execFile);

/** Ways in that no overlay of ours uses; each has to fit the base as well. */
const otherWaysIn: Readonly<Record<string, Record<string, string>>> = {
  'load-balancer': { 'msg-server': 'ADVERTISE_IP1=203.0.113.10' },
  'per-pod-address': {
    'msg-server': 'ADVERTISE_IP1=msg-server-0=203.0.113.10,msg-server-1=203.0.113.11',
    'file-server': 'ADVERTISE_IP=file-server-0=203.0.113.20,file-server-1=203.0.113.21',
  },
};

let folder: string;
const rendered = new Map<string, Manifest[]>();

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-manifests-'));
  for (const name of await overlayNames(top)) rendered.set(name, await renderOverlay(top, name));
  for (const [component, literals] of Object.entries(otherWaysIn)) {
    rendered.set(component, await renderWith(component, literals));
  }
  rendered.set('tracing', await renderWith('tracing', {}));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The base with one more component, as an overlay of its own. */
async function renderWith(component: string, literals: Record<string, string>): Promise<Manifest[]> {
  const overlay = await mkdtemp(path.join(folder, 'overlay-'));
  const k8s = path.relative(overlay, path.join(top, 'k8s'));
  const images = Object.keys(serviceConfigurations).map((name) => ({
    name: `teamtalk/${name}`,
    newTag: '1',
  }));
  const kustomization = {
    resources: [`${k8s}/base`],
    components: [`${k8s}/components/${component}`],
    configMapGenerator: Object.entries(literals).map(([name, literal]) => ({
      name,
      behavior: 'merge',
      namespace: 'teamtalk',
      literals: [literal],
    })),
    images,
  };
  await writeFile(path.join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
  return renderOverlay('', overlay);
}

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
        const unknown = [...given].filter((variable) => !(variable in envSchema) && variable !== 'POD_IP');
        expect(unknown, `${name}: ${service} does not know`).toEqual([]);
        const missing = Object.keys(envSchema).filter((variable) => !given.has(variable));
        expect(missing, `${name}: ${service} is not given`).toEqual([]);
      }
    }
  });
});

/** Seconds a msg_server's stop takes besides the spread: the last clients' results, presence, the store. */
const afterSpreadSeconds = 15;
/** Seconds until every node has taken a pod that is deleted out of its Services. */
const outOfServiceSeconds = 5;
/** Seconds between a process's own deadline and the kubelet's kill -9. */
const roomSeconds = 5;

describe('the stop of a pod', () => {
  const number = (settings: Map<string, string>, name: string) => Number(settings.get(name));

  it('has the time its own settings ask for', () => {
    for (const [name, manifests] of rendered) {
      const services = workloadsOf(manifests).filter((each) => configMapOf(each.name, manifests).size > 0);
      expect(services.length, name).toBeGreaterThanOrEqual(Object.keys(serviceConfigurations).length);
      for (const { name: workload, kind, pod } of services) {
        if (kind === 'Job') continue;
        const preStop = pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
        const shutdown = number(configMapOf(workload, manifests), 'SHUTDOWN_SECONDS');
        const needed = preStop + shutdown + roomSeconds;
        expect(preStop, `${name}: ${workload}, preStop`).toBeGreaterThanOrEqual(outOfServiceSeconds);
        expect(pod.terminationGracePeriodSeconds, `${name}: ${workload}`).toBeGreaterThanOrEqual(needed);
      }
    }
  });

  it('closes the clients of a full msg_server no faster than one other lets them in', () => {
    for (const [name, manifests] of rendered) {
      const settings = configMapOf('msg-server', manifests);
      const spread = number(settings, 'DRAIN_SPREAD_MS') / 1000;
      expect(spread + afterSpreadSeconds, name).toBeLessThanOrEqual(number(settings, 'SHUTDOWN_SECONDS'));
      const admitted = spread * number(settings, 'LOGIN_RATE') + number(settings, 'LOGIN_BURST');
      expect(admitted, name).toBeGreaterThanOrEqual(number(settings, 'MAX_CONNECTIONS'));
    }
  });

  it('is not taken for a standstill, and a start is not cut short', () => {
    for (const [name, manifests] of rendered) {
      for (const { name: workload, kind, pod } of workloadsOf(manifests)) {
        if (kind === 'Job') continue;
        for (const { startupProbe, livenessProbe, readinessProbe } of pod.containers) {
          const [starting, alive, ready] = [startupProbe, livenessProbe, readinessProbe].map(secondsOf);
          // A restart by the kubelet is the last resort: out of the Services first, much later restarted.
          expect(ready, `${name}: ${workload}`).toBeLessThan(alive ?? 0);
          expect(starting, `${name}: ${workload}`).toBeGreaterThanOrEqual(60);
        }
      }
    }
  });
});

/** Seconds until a probe that fails has its effect. */
function secondsOf(probe: Probe | undefined): number {
  return (probe?.periodSeconds ?? 10) * (probe?.failureThreshold ?? 3);
}

describe('how clients come in', () => {
  const addressOf = (name: string) => {
    const manifests = rendered.get(name) ?? [];
    const workload = workloadsOf(manifests).find((each) => each.name === 'msg-server');
    const env = workload?.pod.containers[0]?.env?.find((each) => each.name === 'ADVERTISE_IP1');
    return { env, config: configMapOf('msg-server', manifests).get('ADVERTISE_IP1') };
  };

  it('is the address of the node where its port is the way in', () => {
    expect(addressOf('prod').env).toMatchObject({ valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } });
  });

  it('is what the overlay says with a load balancer or an address a pod', () => {
    for (const [component, literals] of Object.entries(otherWaysIn)) {
      const config = literals['msg-server']?.slice('ADVERTISE_IP1='.length);
      expect(addressOf(component)).toEqual({ env: undefined, config });
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

/** By its name or, as kustomize adds a hash, the beginning of it. */
function configMapOf(name: string, manifests: readonly Manifest[]): Map<string, string> {
  const map = manifests.find(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' &&
      (metadata.name === name || metadata.name.replace(/-[a-z0-9]{10}$/, '') === name),
  );
  return new Map(Object.entries((map?.data as Record<string, string> | undefined) ?? {}));
}

const modules: Readonly<Record<string, string>> = {
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};

/**
 * Gives every object to the TypeScript compiler as a literal of its type, which refuses a field that is not
 * known, missing or of another type.
 * @returns what the compiler says; empty when all is well
 */
async function typeCheck(manifests: readonly Manifest[]): Promise<string> {
  const lines = manifests.map(({ apiVersion, kind, ...rest }, k) => {
    const from = modules[apiVersion] ?? `kubernetes-models/${apiVersion}`;
    const literal = JSON.stringify({ apiVersion, kind, ...rest });
    return `import type { I${kind} as T${k} } from '${from}/${kind}';\nexport const o${k}: T${k} = ${literal};`;
  });
  const project = await mkdtemp(path.join(folder, 'types-'));
  await symlink(path.join(top, 'services/cli/node_modules'), path.join(project, 'node_modules'));
  await writeFile(path.join(project, 'objects.ts'), lines.join('\n'));
  const tsc = path.join(top, 'node_modules/.bin/tsc');
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--preserveSymlinks',
    '--module',
    'nodenext',
  ];
  return run(tsc, [...options, path.join(project, 'objects.ts')], { timeout: 60_000 }).then(
    () => '',
    (error: { stdout?: string }) => error.stdout || String(error),
  );
}
