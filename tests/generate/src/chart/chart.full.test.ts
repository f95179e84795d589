import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { serviceConfigurations } from '@teamtalk/cli';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Manifest, renderOverlay, renderWith } from '../manifests/rendered.js';
import { specOf, top } from '../manifests/testing/renderings.js';
import { type Container, workloadsOf } from '../manifests/workloads.js';
import { hash } from './parameters.js';
import { components, leftOut, switches } from './switches.js';
import { buildRenderer, merged, renderChart, schemaCheck, type Values } from './testing/render-chart.js';

const read = (file: string) => readFile(path.join(top, 'k8s', file), 'utf8');

/** The images' tag unless the values set another: the chart's appVersion. */
let version: string;
let defaults: Values;
let validate: ReturnType<typeof schemaCheck>;
beforeAll(async () => {
  version = (parse(await read('chart/Chart.yaml')) as { appVersion: string }).appVersion;
  defaults = parse(await read('chart/values.yaml')) as Values;
  validate = schemaCheck(JSON.parse(await read('chart/values.schema.json')) as object);
  await buildRenderer();
}, 600_000);

/** Violations of the chart's schema, which Helm checks before it renders. */
function problemsOf(values: Values): string[] {
  validate(merged(defaults, values));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Renders the base with these components by kustomize. */
function kustomized(
  names: readonly string[],
  settings?: Readonly<Record<string, string>>,
): Promise<Manifest[]> {
  const images = [...Object.keys(serviceConfigurations), 'canary'].map((name) => ({
    name: `teamtalk/${name}`,
    newTag: version,
  }));
  return renderWith(top, names, settings, images);
}

/** Leaves out intended differences: hashes and checksums, Helm's hooks, and the namespace, which Helm creates. */
function comparable(manifests: readonly Manifest[]): Map<string, unknown> {
  const objects = manifests
    .filter(({ kind }) => kind !== 'Namespace')
    .map((manifest) => {
      const text = JSON.stringify(manifest, (_, value) => (value === null ? undefined : value));
      const { metadata, ...rest } = JSON.parse(text) as Manifest & { metadata: { annotations?: object } };
      if (manifest.kind === 'ConfigMap') metadata.name = metadata.name.replace(hash, '');
      if (metadata.labels?.['app.kubernetes.io/name'] === 'migrate') delete metadata.annotations;
      for (const { pod } of workloadsOf([{ metadata, ...rest }])) {
        const maps = pod.containers.flatMap(({ envFrom }) => envFrom ?? []);
        for (const { configMapRef } of maps)
          if (configMapRef) configMapRef.name = configMapRef.name.replace(hash, '');
        byName(pod.volumes);
        for (const { volumeMounts, env } of pod.containers) {
          byName(volumeMounts);
          expectInOrder(env);
          byName(env);
        }
      }
      const template = (
        rest.spec as { template?: { metadata?: { annotations?: Record<string, string> } } } | undefined
      )?.template;
      if (template?.metadata?.annotations?.['checksum/config']) delete template.metadata.annotations;
      return [`${manifest.kind} ${metadata.name}`, { ...rest, metadata }] as const;
    });
  expect(new Set(objects.map(([name]) => name)).size).toBe(objects.length);
  return new Map([...objects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Requires the order that variables need when their values refer to others. */
function expectInOrder(env: Container['env'] = []): void {
  const names = env.map(({ name }) => name);
  for (const { name, value = '' } of env) {
    for (const [, other = ''] of value.matchAll(/\$\((\w+)\)/g)) {
      expect(names.slice(0, names.indexOf(name)), name).toContain(other);
    }
  }
}

/** The order of variables, volumes and mounts does not matter otherwise. */
function byName(list: { name?: string }[] | undefined): void {
  list?.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}

async function expectEqual(values: Values, kustomization: Promise<Manifest[]>): Promise<void> {
  expect(problemsOf(values)).toEqual([]);
  const [chart, kustomize] = [comparable(await renderChart(values)), comparable(await kustomization)];
  expect([...chart.keys()]).toEqual([...kustomize.keys()]);
  for (const [name, object] of kustomize) expect(chart.get(name), name).toEqual(object);
}

const on = { enabled: true };
const hosts = Object.fromEntries(
  ['login', 'chat', 'files', 'images', 'web', 'api'].map((name) => [name, `${name}.example.com`]),
);
const gateway = { ...on, className: 'example', hostname: '*.example.com' };
const pushHosts = {
  ...on,
  egress: [{ to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: [{ port: 3128 }] }],
};
const fileAddresses = ['203.0.113.20', '203.0.113.21'];
const filePairs = 'ADVERTISE_IP=file-server-0=203.0.113.20,file-server-1=203.0.113.21';

describe('the chart and kustomize render the same objects', () => {
  it('with the default values', () => expectEqual({}, kustomized(['node-port'])));

  it('with the overlay prod and its values', async () => {
    const values = parse(await read('overlays/prod/helm-values.yaml')) as Values;
    await expectEqual(values, renderOverlay(top, 'prod'));
  });

  it('with an address for each pod', async () => {
    const addresses = { 'msg-server': ['203.0.113.10', '203.0.113.11'], 'file-server': fileAddresses };
    await expectEqual(
      { wayIn: 'per-pod-address', addresses },
      kustomized(['per-pod-address'], {
        'msg-server': 'ADVERTISE_IP1=msg-server-0=203.0.113.10,msg-server-1=203.0.113.11',
        'file-server': filePairs,
      }),
    );
  });

  it('with a load balancer', async () => {
    const addresses = { 'msg-server': ['203.0.113.10'], 'file-server': fileAddresses };
    await expectEqual(
      { wayIn: 'load-balancer', addresses },
      kustomized(['load-balancer'], {
        'msg-server': 'ADVERTISE_IP1=203.0.113.10',
        'file-server': filePairs,
      }),
    );
  });

  it.each(Object.entries(components))('with %s alone', async (name, component) => {
    const given: Record<string, Values> = { ingress: on, gateway, pushHosts };
    const needed = component === 'cloudnative-pg' ? ['tls'] : [];
    const values = { wayIn: 'none', hosts, [name]: given[name] ?? on, ...(needed.length > 0 && { tls: on }) };
    await expectEqual(values, kustomized([...needed, component]));
  });

  it('with everything at once', async () => {
    const all = Object.fromEntries(Object.keys(components).map((name) => [name, on]));
    // The component requires the canary to be the last.
    const names = Object.values(components).filter((name) => name !== 'canary');
    await expectEqual({ ...all, hosts, gateway, pushHosts }, kustomized(['node-port', ...names, 'canary']));
  });

  it('and every component has a switch in the chart, or a reason to be left out', async () => {
    const known = [...switches.map(({ component }) => component), ...leftOut];
    expect(known.sort()).toEqual((await readdir(path.join(top, 'k8s/components'))).sort());
  });
});

describe('values', () => {
  it('set what a service is told, in every way YAML writes it', async () => {
    const settings = { MAX_CONNECTIONS: 1_000_000, LOG_LEVEL: 'debug', LOGIN_RATE: '250' };
    const values = { services: { 'msg-server': { settings } } };
    expect(problemsOf(values)).toEqual([]);
    const [before, after] = [await renderChart({}), await renderChart(values)];
    const told = (manifests: Manifest[]) =>
      manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'msg-server')
        ?.data as object;
    expect(told(after)).toEqual({
      ...told(before),
      MAX_CONNECTIONS: '1000000',
      LOG_LEVEL: 'debug',
      LOGIN_RATE: '250',
    });
    const checksum = (manifests: Manifest[]) =>
      specOf<{ template: { metadata: { annotations: object } } }>(manifests, 'StatefulSet', 'msg-server')
        .template.metadata.annotations;
    expect(checksum(after)).not.toEqual(checksum(before));
  });

  it('name images by tag or by digest, from a registry', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = {
      registry: 'registry.example.com/',
      tag: '1.2.3',
      pullPolicy: 'Always',
      digests: { msfs: digest },
    };
    const workloads = workloadsOf(await renderChart({ image }));
    const named = new Map(
      workloads.map(({ name, pod: { containers } }) => [name, containers[0]?.image] as const),
    );
    expect(named.get('msfs')).toBe(`registry.example.com/teamtalk/msfs@${digest}`);
    expect(named.get('migrate')).toBe('registry.example.com/teamtalk/db_proxy_server:1.2.3');
  });

  it('say how many pods there are, on which nodes, with what', async () => {
    const resources = { requests: { cpu: 1, memory: '2Gi' }, limits: { cpu: 2, memory: '2Gi' } };
    const pod = { nodeSelector: { chat: 'yes' }, priorityClassName: 'high' };
    const values = {
      pod: { imagePullSecrets: [{ name: 'registry' }], priorityClassName: 'low' },
      services: { 'msg-server': { replicas: { min: 4, max: 9 }, resources, pod } },
    };
    expect(problemsOf(values)).toEqual([]);
    const manifests = await renderChart(values);
    expect(specOf(manifests, 'HorizontalPodAutoscaler', 'msg-server')).toMatchObject({
      minReplicas: 4,
      maxReplicas: 9,
    });
    const { spec } = specOf<{ template: { spec: object } }>(manifests, 'StatefulSet', 'msg-server').template;
    expect(spec).toMatchObject({
      ...pod,
      imagePullSecrets: [{ name: 'registry' }],
      containers: [{ resources }],
    });
    const other = specOf<{ template: { spec: object } }>(manifests, 'Deployment', 'msfs').template.spec;
    expect(other).toMatchObject({ priorityClassName: 'low' });
  });

  it('give as many pods as there are addresses, and at least those that are asked for', async () => {
    const values = (count: number) => ({
      wayIn: 'per-pod-address',
      addresses: {
        'msg-server': Array.from({ length: count }, (_, k) => `203.0.113.${k}`),
        'file-server': fileAddresses,
      },
    });
    const manifests = await renderChart(values(5));
    expect(specOf(manifests, 'HorizontalPodAutoscaler', 'msg-server')).toMatchObject({ maxReplicas: 5 });
    expect(
      manifests
        .filter(({ kind, metadata }) => kind === 'Service' && /^msg-server-\d$/.test(metadata.name))
        .map(({ metadata }) => metadata.name),
    ).toEqual([0, 1, 2, 3, 4].map((k) => `msg-server-${k}`));
    await expect(renderChart(values(1))).rejects.toThrow(
      'services.msg-server.replicas.min is 2, but the maximum is 1',
    );
  });

  it('leave the namespace to Helm', async () => {
    const manifests = await renderChart({ monitoring: on }, 'chat');
    for (const { kind, metadata } of manifests) expect(metadata.namespace, kind).toBe('chat');
    expect(specOf(manifests, 'ServiceMonitor')).toMatchObject({
      namespaceSelector: { matchNames: ['chat'] },
    });
  });

  it.each<[string, Values, string]>([
    ['a setting no service knows', { services: { msfs: { settings: { MAX_CLIENTS: 1 } } } }, 'additional'],
    ['an unknown way in', { wayIn: 'nodeport' }, '/wayIn must be equal to one of the allowed values'],
    ['CloudNativePG without TLS', { cloudNativePg: on }, '/tls/enabled must be equal to constant'],
    ['an Ingress without names', { ingress: on }, '/hosts/login must match pattern'],
    ['no hosts for push', { pushHosts: on }, '/pushHosts/egress must NOT have fewer than 1'],
    ['a Gateway without a class', { gateway: on, hosts }, '/gateway/className must NOT have fewer than 1'],
    [
      'pods without addresses',
      { wayIn: 'per-pod-address' },
      '/addresses/msg-server must NOT have fewer than 1',
    ],
    ['what is no digest', { image: { digests: { msfs: '1.0' } } }, '/image/digests/msfs must match pattern'],
    [
      'an autoscaler without a minimum',
      { services: { msfs: { replicas: { min: null } } } },
      "property 'min'",
    ],
  ])('are refused by the schema: %s', (_, values, message) => {
    expect(problemsOf(values).join('\n')).toContain(message);
  });
});

it('the migration is a hook, with all it needs, and nothing else is', async () => {
  const manifests = (await renderChart({})) as (Manifest & {
    metadata: { annotations?: Record<string, string> };
  })[];
  const hooks = manifests.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook']);
  expect(hooks.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
    'Job migrate',
    'NetworkPolicy migrate',
    'ServiceAccount migrate',
  ]);
  for (const { kind, metadata } of hooks) {
    expect(metadata.annotations).toEqual({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': kind === 'Job' ? '0' : '-1',
      'helm.sh/hook-delete-policy': 'before-hook-creation',
    });
  }
});
