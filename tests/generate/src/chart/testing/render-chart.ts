import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import { type Manifest, parseManifests } from '../../manifests/rendered.js';
import { top } from '../../manifests/testing/renderings.js';

const run = promisify(execFile);

const chart = path.join(top, 'k8s/chart');
const folder = path.join(top, '.data/chart-renderer');
const program = path.join(folder, 'render');

/**
 * Builds tests/generate/chart-renderer from Debian's packages of the libraries that Helm's engine uses.
 * @throws Error with Go's output and how to install what is missing
 */
export async function buildRenderer(): Promise<void> {
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: process.env.GO_LIBRARIES || '/usr/share/gocode',
    GOCACHE: path.join(folder, 'cache'),
    GOFLAGS: '',
  };
  const source = path.join(top, 'tests/generate/chart-renderer/main.go');
  await run(process.env.GO || 'go', ['build', '-o', program, source], { env, timeout: 600_000 }).catch(
    (error: Error & { stderr?: string }) => {
      const packages = 'golang-go golang-github-masterminds-sprig-dev golang-k8s-sigs-yaml-dev';
      const problem = error.stderr?.trim() || error.message;
      throw new Error(
        `the chart's renderer does not build: ${problem} (Debian: apt-get install ${packages})`,
      );
    },
  );
}

export type Values = Readonly<Record<string, unknown>>;

/**
 * Renders the chart with values over its own.
 * @throws Error with the template's message
 */
export async function renderChart(values: Values, namespace = 'teamtalk'): Promise<Manifest[]> {
  const running = run(program, [chart, namespace], { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 });
  running.child.stdin?.end(JSON.stringify(values));
  const { stdout } = await running.catch((error: Error & { stderr?: string }) => {
    throw new Error(error.stderr?.trim() || error.message);
  });
  return parseManifests(stdout);
}

/** The check of merged values against the chart's schema, as Helm does it. */
export function schemaCheck(schema: object): ValidateFunction {
  return new Ajv({ allErrors: true, allowUnionTypes: true, strictTypes: false }).compile(schema);
}

/** Merges values over the chart's as Helm does. */
export function merged(values: Values, over: Values): Values {
  const result: Record<string, unknown> = { ...values };
  for (const [key, value] of Object.entries(over)) {
    const current = result[key];
    if (value === null) delete result[key];
    else result[key] = isMap(value) && isMap(current) ? merged(current, value) : value;
  }
  return result;
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
