import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { serviceConfigurations } from '@teamtalk/cli';
import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Manifest, parseManifests, renderOverlay, renderWith } from './rendered.js';
import { top } from './testing/renderings.js';
import { workloadsOf } from './workloads.js';

const run = promisify(execFile);

/** Programs that need a cluster, a registry or Docker: their calls are recorded, and checked afterwards. */
const absent = ['docker', 'kind', 'helm', 'kubectl'];
const stub = `#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  'kubectl kustomize '*) exec "\${KUSTOMIZE:-kustomize}" build "$2" ;;
  'kubectl apply -k '*) exec "\${KUSTOMIZE:-kustomize}" build "$3" ;;
  *' get nodes '*) printf 127.0.0.1 ;;
  *' get secret teamtalk-db-app '*) printf secret | base64 ;;
esac
`;

let folder: string;
let cluster: TestCluster;
let output: string;
/** the recorded calls */
let calls: string[];
let dev: Manifest[];
let prod: Manifest[];
let stores: Manifest[];

/** The guides whose commands are run: what comes first creates what later ones need. */
const guides = ['kubernetes', 'canary', 'sizing'];

/** Runs every block of the guides, in one shell, against an installation that runs here. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-guide-'));
  cluster = await TestCluster.start({ login_server: 1, file_server: 1 });
  await writeFile(path.join(folder, 'stub'), stub);
  await chmod(path.join(folder, 'stub'), 0o755);
  for (const program of absent) await symlink('stub', path.join(folder, program));
  const texts = await Promise.all(
    guides.map((guide) => readFile(path.join(top, `docs/guides/${guide}.md`), 'utf8')),
  );
  const script = texts
    .flatMap((text) => [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block))
    .join('\n')
    .replaceAll(/postgres:\/\/\S*@127\.0\.0\.1:5432\/teamtalk/g, cluster.database.url)
    .replaceAll('http://$NODE:30880', cluster.url('login_server'));
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    CALLS: path.join(folder, 'calls'),
  };
  const words = ['-e', '-u', '-o', 'pipefail', '-c', script];
  output = (await run('bash', words, { cwd: top, env, maxBuffer: 16 * 1024 * 1024, timeout: 240_000 }))
    .stdout;
  calls = (await readFile(env.CALLS, 'utf8')).trim().split('\n');
  dev = await renderOverlay(top, 'dev');
  prod = await renderOverlay(top, 'prod');
  const files = ['postgresql.yaml', 'postgresql-backup.yaml', 'certificates.yaml'];
  const storeTexts = files.map((file) => readFile(path.join(top, 'k8s/stores', file), 'utf8'));
  stores = (await Promise.all(storeTexts)).flatMap(parseManifests);
}, 300_000);

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const callsOf = (beginning: string) => calls.filter((call) => call.startsWith(beginning));

it('leads to the first message', () => {
  expect(output).toMatch(/"msgServerPort"|"port"/);
  for (const name of ['alice', 'bob', 'carol']) expect(output).toContain(`added ${name}, id `);
  expect(output).toMatch(/sent to bob \(id \d+\), msg_id 1\n/);
});

it('applies files that exist', async () => {
  const files = calls.flatMap((call) => call.match(/(?<= )(k8s|deploy)\/[\w./-]+/g) ?? []);
  expect(files).toEqual(expect.arrayContaining(['deploy/Dockerfile', 'k8s/stores/nats-values.yaml']));
  for (const file of new Set(files)) {
    const code = await readFile(path.join(top, file)).catch((error: { code: string }) => error.code);
    expect(code, file).not.toBe('ENOENT');
  }
});

it('builds, brings and pushes the images that the manifests name', () => {
  const built = callsOf('docker build ').map((call) => / -t (\S+)/.exec(call)?.[1]);
  const imagesOf = (manifests: Manifest[]) => {
    const containers = workloadsOf(manifests).flatMap(({ pod }) => pod.containers);
    return [...new Set(containers.map(({ image }) => image))].filter((image) => image.includes('teamtalk/'));
  };
  expect(built).toHaveLength(Object.keys(serviceConfigurations).length);
  expect(built.sort()).toEqual(imagesOf(dev).sort());
  expect(
    callsOf('kind load docker-image ')
      .map((call) => call.split(' ')[3])
      .sort(),
  ).toEqual(built);
  const pushed = callsOf('docker push ').map((call) => call.split(' ')[2]);
  expect(pushed.sort()).toEqual(imagesOf(prod).sort());
});

it('waits for, forwards and deletes objects that are there', () => {
  const operators = stores.find(({ kind }) => kind === 'Cluster')?.metadata.name;
  const there = new Set([
    ...[...dev, ...prod, ...stores].map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`),
    `service/${operators}-rw`,
  ]);
  const named = callsOf('kubectl ').flatMap((call) => call.match(/(?<= )[a-z]+\/[a-z-]+(?= |$)/g) ?? []);
  const objects = named.filter((each) => !each.startsWith('overlays/'));
  expect(objects).toEqual(expect.arrayContaining(['job/migrate', 'svc/postgresql', 'cluster/teamtalk-db']));
  for (const each of objects) expect(there).toContain(each.replace(/^svc/, 'service'));
  expect(callsOf('kubectl --namespace teamtalk get secret ')[0]).toContain(`secret ${operators}-app `);
});

it('brings the migration and what it needs before everything else', () => {
  const applied = callsOf('kubectl apply -k k8s/overlays/prod');
  expect(applied.map((call) => call.includes('--selector'))).toEqual([true, false]);
  const [, label, value] = /--selector=([\w./]+)=(\S+)/.exec(applied[0] ?? '') ?? [];
  const first = prod.filter(({ metadata }) => metadata.labels?.[label ?? ''] === value);
  expect(first.map(({ kind }) => kind).sort()).toEqual(['Job', 'NetworkPolicy', 'ServiceAccount']);
});

it('makes the Secret that the manifests read, with every key that must be there', async () => {
  const [call = ''] = callsOf('kubectl --namespace teamtalk create secret generic teamtalk-secrets ');
  const made = new Map(
    [...call.matchAll(/--from-literal=([\w-]+)=(\S*)/g)].map(([, key = '', value = '']) => [key, value]),
  );
  expect(Buffer.byteLength(made.get('text-key') ?? '')).toBe(32);
  // NATS would take some passwords that begin with a digit for numbers.
  expect(made.get('nats-password-msg-server')).toMatch(/^p[0-9a-f]{48}$/);
  const values = parse(await readFile(path.join(top, 'k8s/stores/nats-users-values.yaml'), 'utf8')) as {
    container: { env: Record<string, { valueFrom: { secretKeyRef: { name: string; key: string } } }> };
  };
  const ofNats = Object.values(values.container.env).map(({ valueFrom }) => valueFrom.secretKeyRef);
  const refs: SecretKey[] = [...secretsOf(prod), ...ofNats];
  // CloudNativePG creates the first Secret itself, and reads its role's password from the second.
  const ofOperator = [
    `${stores.find(({ kind }) => kind === 'Cluster')?.metadata.name}-app`,
    'teamtalk-db-service',
  ];
  expect(new Set(refs.map(({ name }) => name))).toEqual(new Set(['teamtalk-secrets', ...ofOperator]));
  expect(callsOf('kubectl --namespace teamtalk create secret generic teamtalk-db-service ')).toHaveLength(1);
  const ours = refs.filter(({ name }) => name === 'teamtalk-secrets');
  const known = new Set(ours.map(({ key }) => key));
  for (const key of made.keys()) expect(known).toContain(key);
  for (const { key } of ours.filter(({ optional }) => !optional)) expect([...made.keys()]).toContain(key);
});

it('creates the accounts of the canary, and the Secret with their password', async () => {
  const [{ count } = { count: 0 }] = await cluster.sql<{ count: number }>(
    "SELECT count(*)::int AS count FROM im_user WHERE name ~ '^canary-\\d+$'",
  );
  expect(count).toBe(100);
  const [call] = callsOf('kubectl --namespace teamtalk create secret generic teamtalk-canary ');
  expect(call).toMatch(/--from-literal=password=p[0-9a-f]{48}$/);
  const canary = await renderWith(top, ['canary']);
  expect(secretsOf(canary)).toContainEqual({ name: 'teamtalk-canary', key: 'password' });
});

it('prints plans of installations, as text and as JSON', () => {
  expect(output.match(/^\d[\d,]* users: in the busiest second /gm)).toHaveLength(2);
  const json = output.slice(output.lastIndexOf('\n{') + 1);
  expect(JSON.parse(json)).toMatchObject({ users: 200_000 });
});

it('names every key of the Secret in its table', async () => {
  const text = await readFile(path.join(top, 'docs/guides/kubernetes.md'), 'utf8');
  for (const { key } of secretsOf(prod).filter(({ name }) => name === 'teamtalk-secrets'))
    expect(text).toContain(`\`${key.replace(/^(nats-\w+)-.+/, '$1-SERVICE')}\``);
});

interface SecretKey {
  name: string;
  key: string;
  optional?: boolean;
}

/** The variables that containers read from Secrets. */
function secretsOf(manifests: readonly Manifest[]): SecretKey[] {
  const variables = workloadsOf(manifests)
    .flatMap(({ pod }) => pod.containers)
    .flatMap(({ env }) => env ?? []);
  return variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
}
