import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { serviceConfigurations } from '@teamtalk/cli';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Manifest, parseManifests } from './rendered.js';
import { folderOf } from './settings.js';
import { configMapOf, renderEverything, specOf, top } from './testing/renderings.js';
import { typeCheck } from './testing/type-check.js';
import { workloadsOf } from './workloads.js';

const stores = path.join(top, 'k8s/stores');
const read = (file: string) => readFile(path.join(stores, file), 'utf8');

let rendered: Map<string, Manifest[]>;
let objects: Manifest[];
beforeAll(async () => {
  rendered = await renderEverything();
  const files = (await readdir(stores)).filter((file) => !file.endsWith('-values.yaml'));
  objects = (await Promise.all(files.map(async (file) => parseManifests(await read(file))))).flat();
});

/** The Secrets that certificates.yaml makes, with the DNS names of their certificates. */
function certificates(): Map<string, string[]> {
  const specs = objects.filter(({ kind }) => kind === 'Certificate').map(({ spec }) => spec);
  return new Map(
    (specs as { secretName: string; dnsNames?: string[] }[]).map((each) => [
      each.secretName,
      each.dnsNames ?? [],
    ]),
  );
}

it('are objects of the types their operators know, without unknown fields', async () => {
  expect(objects.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining([
      ...['Cluster', 'ObjectStore', 'ScheduledBackup'],
      ...['Certificate', 'Issuer', 'NetworkPolicy'],
    ]),
  );
  expect(await typeCheck(objects)).toBe('');
  const [cluster] = structuredClone(objects.filter(({ kind }) => kind === 'Cluster'));
  Object.assign(cluster?.spec ?? {}, { instancez: 3 });
  expect(await typeCheck(cluster ? [cluster] : [])).toContain('instancez');
  const [bucket] = structuredClone(objects.filter(({ kind }) => kind === 'ObjectStore'));
  Object.assign(bucket?.spec ?? {}, { retention: '30d' });
  expect(await typeCheck(bucket ? [bucket] : [])).toContain('retention');
});

describe('settings', () => {
  it('name NATS by its Service, and nothing by an address of the pod itself', () => {
    for (const [name, manifests] of rendered) {
      for (const service of Object.keys(serviceConfigurations).map(folderOf)) {
        const settings = configMapOf(service, manifests);
        expect(settings.get('NATS_URL'), `${name}: ${service}`).toBe('nats://nats:4222');
        for (const [variable, value] of settings) {
          // Overlays set the addresses that clients connect to.
          if (['MSFS_PRIOR_URL', 'MSFS_URL', 'WEB_SOCKET_URLS', 'FILE_SERVER_URL'].includes(variable))
            continue;
          expect(value, `${name}: ${service}, ${variable}`).not.toMatch(/127\.0\.0\.1|localhost/);
        }
      }
    }
    const services = rendered.get('dev')?.filter(({ kind }) => kind === 'Service') ?? [];
    expect(services.map(({ metadata }) => metadata.name)).toContain('nats');
    expect(configMapOf('login-server', rendered.get('prod') ?? []).get('MSFS_PRIOR_URL')).toMatch(/^https:/);
  });

  it('of prod name files of Secrets that are mounted there, which certificates.yaml or an operator makes', () => {
    const made = new Set([...certificates().keys(), 'teamtalk-db-ca']);
    const workloads = workloadsOf(rendered.get('prod') ?? []);
    for (const { name, pod } of workloads) {
      const mounts = pod.containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
      for (const { secret } of pod.volumes ?? []) {
        if (secret) expect(made, name).toContain(secret.secretName);
      }
      for (const [variable, value] of configMapOf(name, rendered.get('prod') ?? [])) {
        if (!/^(NATS|RPC)_\w+_FILE$/.test(variable)) continue;
        const mount = mounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
        expect(mount, `${name}: ${variable}=${value}`).toBeDefined();
        expect(['ca.crt', 'tls.crt', 'tls.key']).toContain(path.basename(value));
      }
    }
  });
});

it('gives each caller of db-proxy-server a certificate of its own, by whose name it is known there', () => {
  const expected = {
    'db-proxy-server': ['teamtalk-rpc-tls', 'db-proxy-server'],
    'msg-server': ['teamtalk-rpc-msg-server-tls', 'msg-server'],
    'http-msg-server': ['teamtalk-rpc-http-msg-server-tls', 'http-msg-server'],
    'push-server': ['teamtalk-rpc-push-server-tls', 'push-server'],
    'file-server': ['teamtalk-rpc-file-server-tls', 'file-server'],
    'admin-server': ['teamtalk-rpc-admin-server-tls', 'admin-server'],
  };
  const given = workloadsOf(rendered.get('prod') ?? []).flatMap(({ name, pod }) => {
    const secretName = pod.volumes?.find((volume) => volume.name === 'rpc-tls')?.secret?.secretName;
    return secretName === undefined
      ? []
      : [[name, [secretName, ...(certificates().get(secretName) ?? [])]] as const];
  });
  expect(Object.fromEntries(given)).toEqual(expected);
});

describe('NATS', () => {
  it('asks for what our services show, by names its certificate has', async () => {
    const values = parse(await read('nats-values.yaml').then((text) => text.replaceAll(/<< (.*) >>/g, '$1')));
    const { nats, cluster, merge } = values.config;
    for (const { tls } of [nats, cluster]) {
      expect(tls).toMatchObject({ enabled: true, merge: { verify: true } });
      expect(certificates().get(tls.secretName)).toEqual(
        expect.arrayContaining(['nats', '*.nats-headless', 'nats-headless']),
      );
    }
    expect(merge.authorization).toBeUndefined();
  });

  it.each([
    ['nats-users-values.yaml', 0],
    ['nats-users-upgrade-values.yaml', 1],
  ])('knows each service as a user, by the password it shows (%s)', async (file, shared) => {
    const { config, container } = parse(await read(file));
    const { users } = config.merge.authorization as { users: { user: string; permissions?: object }[] };
    expect(users.map(({ user }) => user)).toEqual(expect.arrayContaining(Object.keys(serviceConfigurations)));
    expect(users.filter(({ permissions }) => !permissions)).toHaveLength(shared);
    for (const { name, pod, kind } of workloadsOf(rendered.get('prod') ?? [])) {
      if (kind === 'Job') continue;
      const given = (variable: string) => pod.containers[0]?.env?.find((each) => each.name === variable);
      const user = given('NATS_USER')?.value ?? '';
      expect(folderOf(user)).toBe(name);
      // Both sides use the same key of the same Secret, and each service one of its own.
      const { secretKeyRef } = container.env[`NATS_PASSWORD_${user.toUpperCase()}`].valueFrom;
      expect(secretKeyRef.key).toBe(`nats-password-${name}`);
      expect(given('NATS_PASSWORD')?.valueFrom).toEqual({
        secretKeyRef: { ...secretKeyRef, optional: true },
      });
    }
  });

  it('keeps the security standard of the namespace, in every container', async () => {
    const values = parse(await read('nats-values.yaml'));
    const restricted = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    };
    for (const part of ['container', 'reloader', 'promExporter']) {
      expect(values[part].merge.securityContext, part).toEqual(restricted);
      expect(values[part].merge.resources.limits, part).toBeDefined();
    }
    expect(values.podTemplate.merge.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(values.natsBox.enabled).toBe(false);
  });
});

it('the adapter offers the figure that msg-server’s autoscaler asks for', async () => {
  const { rules } = parse(await read('prometheus-adapter-values.yaml'));
  const prod = rendered.get('prod') ?? [];
  const { metrics } = specOf<{ metrics: { pods?: { metric: { name: string } } }[] }>(
    prod,
    'HorizontalPodAutoscaler',
    'msg-server',
  );
  const asked = metrics.flatMap(({ pods }) => pods?.metric.name ?? []);
  expect(asked).toHaveLength(1);
  expect(rules.custom[0].seriesQuery).toMatch(new RegExp(`^${asked[0]}{`));
});

describe('PostgreSQL', () => {
  interface ClusterSpec {
    postgresql: { synchronous: object };
    plugins: { name: string; isWALArchiver: boolean; parameters: { barmanObjectName: string } }[];
    bootstrap: { initdb: { owner: string; database: string } };
    managed: { roles: { name: string; passwordSecret: { name: string } }[] };
  }
  const nameOf = (kind: string) => objects.find((each) => each.kind === kind)?.metadata.name ?? '';

  it('acknowledges no commit that only one server has, and promotes no server that may lack one', () => {
    const { postgresql } = specOf<ClusterSpec>(objects, 'Cluster');
    expect(postgresql.synchronous).toEqual({
      method: 'any',
      number: 1,
      dataDurability: 'required',
      failoverQuorum: true,
    });
  });

  it('is archived, and backed up daily, to the existing bucket, with monitoring', () => {
    const { plugins } = specOf<ClusterSpec>(objects, 'Cluster');
    expect(plugins).toEqual([
      {
        name: 'barman-cloud.cloudnative-pg.io',
        isWALArchiver: true,
        parameters: { barmanObjectName: nameOf('ObjectStore') },
      },
    ]);
    const backup = specOf<{ cluster: object; schedule: string; method: string; pluginConfiguration: object }>(
      objects,
      'ScheduledBackup',
    );
    expect(backup).toMatchObject({
      cluster: { name: nameOf('Cluster') },
      schedule: expect.stringMatching(/^\d+ \d+ \d+ \* \* \*$/),
      method: 'plugin',
      pluginConfiguration: { name: plugins[0]?.name },
    });
    const monitor = specOf<{ selector: object }>(rendered.get('prod') ?? [], 'PodMonitor', 'postgresql');
    expect(monitor.selector).toEqual({ matchLabels: { 'cnpg.io/cluster': nameOf('Cluster') } });
  });

  it('is accessed with the passwords that its operator sets for the roles', () => {
    const { bootstrap, managed } = specOf<ClusterSpec>(objects, 'Cluster');
    const { owner, database } = bootstrap.initdb;
    const service = managed.roles.find(({ name }) => name === 'teamtalk_db_proxy');
    const expected = {
      'db-proxy-server': [service?.name, service?.passwordSecret.name],
      migrate: [owner, `${nameOf('Cluster')}-app`],
    };
    for (const [name, [role, secret]] of Object.entries(expected)) {
      const workload = workloadsOf(rendered.get('prod') ?? []).find((each) => each.name === name);
      const variables = workload?.pod.containers[0]?.env ?? [];
      const at = (variable: string) => variables.findIndex((each) => each.name === variable);
      expect(variables[at('DATABASE_PASSWORD')]?.valueFrom).toEqual({
        secretKeyRef: { name: secret, key: 'password' },
      });
      const host = `${nameOf('Cluster')}-rw:5432`;
      expect(variables[at('DATABASE_URL')]).toEqual({
        name: 'DATABASE_URL',
        value: `postgres://${role}:$(DATABASE_PASSWORD)@${host}/${database}?sslmode=verify-full&sslrootcert=/etc/teamtalk/database/ca.crt`,
      });
      // Kubernetes expands only variables that are defined earlier.
      expect(at('DATABASE_PASSWORD')).toBeLessThan(at('DATABASE_URL'));
    }
  });
});

it('PostgreSQL’s pods have the label our NetworkPolicies let db_proxy_server reach', () => {
  const { inheritedMetadata } = specOf<{ inheritedMetadata: { labels: object } }>(objects, 'Cluster');
  expect(inheritedMetadata.labels).toMatchObject({ 'teamtalk/store': 'postgresql' });
  // Its own pods and its operator; our services are allowed by k8s/base/common/store-policies.yaml.
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const from = JSON.stringify(policies.map(({ spec }) => (spec as { ingress: object[] }).ingress));
  expect(from).not.toContain('part-of');
});
