import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serviceConfigurations } from '@teamtalk/cli';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

/** A service as Compose reads it, with every shorthand expanded. */
interface Service {
  image: string;
  command?: string[] | null;
  environment?: Record<string, string> | null;
  ports?: { target: number; published: string; host_ip?: string }[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  restart?: string;
  volumes?: { type: 'bind' | 'volume'; source: string; target: string; read_only?: boolean }[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
}

interface Project {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const deploy = path.join(top, 'deploy');
const run = promisify(execFile);
const read = async (file: string) => parse(await readFile(path.join(deploy, file), 'utf8'));

/** The files as Docker Compose resolves them; it refuses unknown fields, and needs no Docker for that. */
async function compose(...files: string[]): Promise<Project> {
  const program = process.env.DOCKER_COMPOSE || 'docker-compose';
  const words = [
    ...files.flatMap((each) => ['--file', each]),
    '--profile',
    '*',
    'config',
    '--format',
    'json',
  ];
  const env = { PATH: process.env.PATH };
  return JSON.parse((await run(program, words, { env, timeout: 30_000 })).stdout) as Project;
}

const composeFile = path.join(deploy, 'compose.yaml');
const ours = Object.keys(serviceConfigurations);
let services: Record<string, Service>;
let volumes: Project['volumes'];
const environmentOf = (name: string) => services[name]?.environment ?? {};

beforeAll(async () => {
  ({ services, volumes } = await compose(composeFile));
});

it('is what Docker Compose understands, which refuses a key it does not know', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-compose-'));
  try {
    const more = path.join(folder, 'more.yaml');
    await writeFile(more, 'services: { msg_server: { imagee: x } }');
    await expect(compose(composeFile, more)).rejects.toThrow(/imagee/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('runs every service, and only images of a fixed version', async () => {
  const { version } = JSON.parse(await readFile(path.join(top, 'package.json'), 'utf8')) as {
    version: string;
  };
  for (const name of ours) expect(services[name]?.image).toBe(`teamtalk/${name}:${version}`);
  expect(services.migrate?.image).toBe(`teamtalk/db_proxy_server:${version}`);
  for (const { image } of Object.values(services)) expect(image).toMatch(/:v?\d+(\.\d+)+(-\w+)?$/);
});

it.each(ours)('%s gets settings that it knows and that make a configuration', async (name) => {
  const { envSchema, loadConfig } = await serviceConfigurations[name]!();
  for (const variable of Object.keys(environmentOf(name)))
    expect(envSchema, variable).toHaveProperty(variable);
  // As the images have it.
  expect(() => loadConfig({ ...environmentOf(name), NODE_ENV: 'production' })).not.toThrow();

  const defaults = Object.keys(envSchema).flatMap((variable) =>
    variable.endsWith('PORT') ? [Number(envSchema[variable]!.parse(undefined))] : [],
  );
  for (const { target } of services[name]!.ports ?? []) expect(defaults, name).toContain(target);
  expect(services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '1m0s' });
  expect(services[name]!.security_opt).toEqual(['no-new-privileges:true']);
});

it('waits for dependencies and has health checks', () => {
  for (const [name, { depends_on: needs = {} }] of Object.entries(services)) {
    for (const [other, { condition }] of Object.entries(needs)) {
      expect(services, `${name} needs ${other}`).toHaveProperty(other);
      if (condition === 'service_healthy') expect(services[other]!.healthcheck?.test, other).toBeDefined();
      if (condition === 'service_completed_successfully') expect(services[other]!.restart).toBeUndefined();
    }
  }
  for (const name of ours) expect(Object.keys(services[name]!.depends_on ?? {})).toContain('nats-0');
});

it('has three NATS servers that know each other', () => {
  const names = ['nats-0', 'nats-1', 'nats-2'];
  for (const name of names) {
    const words = services[name]!.command ?? [];
    const option = (flag: string) => words[words.indexOf(flag) + 1];
    expect(option('--name')).toBe(name);
    expect(option('--cluster_name')).toBe('teamtalk');
    const { port } = new URL(option('--cluster')!.replace('nats:', 'http:'));
    const routes = names.filter((each) => each !== name).map((each) => `nats://${each}:${port}`);
    expect(option('--routes')!.split(',')).toEqual(routes);
    expect(JSON.stringify(services[name]!.healthcheck)).toContain(`:${option('--http_port')}/`);
  }
  for (const name of ours) {
    expect(environmentOf(name).NATS_URL).toBe(names.map((each) => `nats://${each}:4222`).join());
  }
});

it('stores persistent data in volumes, and mounts files that exist', async () => {
  for (const [name, { volumes: mounts = [] }] of Object.entries(services)) {
    for (const { type, source, target, read_only: readOnly } of mounts) {
      if (type === 'bind') {
        await access(source);
        expect(readOnly, `${name}: ${source}`).toBe(true);
      } else {
        expect(volumes, name).toHaveProperty(source);
      }
      if (ours.includes(name)) expect(target).toBe(environmentOf(name).STORAGE_DIR);
    }
  }
  // The image has this folder, owned by the account the services run as.
  const system = await readFile(path.join(deploy, 'collect-system.sh'), 'utf8');
  expect(system).toContain('chown 10001:10001 "$root/data"');
  const kept = [...ours, 'postgresql', 'prometheus'].filter((name) => services[name]!.volumes?.length);
  expect(kept).toEqual(['file_server', 'msfs', 'postgresql', 'prometheus']);
});

it('has a Prometheus that scrapes every service and a Grafana that queries it', async () => {
  const { scrape_configs: jobs, rule_files: rules } = await read('prometheus/prometheus.yml');
  for (const rule of rules) await access(path.join(deploy, 'prometheus', rule));
  const targets = jobs.map(
    (job: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }) => [
      job.job_name,
      job.dns_sd_configs.map(({ names, port }) => [names, port]),
    ],
  );
  const expected = ours.map(async (name) => {
    const { envSchema } = await serviceConfigurations[name]!();
    return [name, [[[name], envSchema.OPS_PORT!.parse(undefined)]]];
  });
  expect(targets).toEqual(await Promise.all(expected));

  const { datasources } = await read('grafana/provisioning/datasources/prometheus.yaml');
  expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
  const { providers } = await read('grafana/provisioning/dashboards/teamtalk.yaml');
  expect(services.grafana!.volumes?.map(({ target }) => target)).toContain(providers[0].options.path);
});
