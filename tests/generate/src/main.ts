import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chartPages } from './chart/pages.js';
import { natsPages } from './manifests/nats-users.js';
import { networkPages, settingsPages } from './manifests/pages.js';
import { monitoringPages } from './monitoring/pages.js';
import type { Page } from './page.js';
import { referencePages } from './reference/pages.js';
import { sdkPages } from './reference/sdk.js';

const usage = `npm run docs -- [--check]

Brings the reference pages, Grafana's dashboards, the operator's alert rules, the settings in k8s/ and the Helm chart up to date with
the services. --check writes nothing and fails when something differs.
`;

const top = fileURLToPath(new URL('../../../', import.meta.url));

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

async function main(): Promise<void> {
  if (values.help) return print(usage);
  // The settings come before the network: the overlays are rendered from them.
  const outdated: string[] = [];
  for (const make of [
    referencePages,
    sdkPages,
    monitoringPages,
    natsPages,
    settingsPages,
    networkPages,
    chartPages,
  ]) {
    outdated.push(...(await outdatedOf(await make(top))));
  }
  if (values.check && outdated.length > 0) {
    process.stderr.write(`not up to date: ${outdated.join(', ')}: run \`npm run docs\`.\n`);
    process.exitCode = 1;
  } else {
    print(outdated.length > 0 ? `written: ${outdated.join(', ')}\n` : 'everything is up to date\n');
  }
}

/** Writes the files that differ, or with `check` only names them. @returns their names */
async function outdatedOf(pages: readonly Page[]): Promise<string[]> {
  const outdated: string[] = [];
  for (const { file, text } of pages) {
    const target = path.join(top, file);
    if ((await readFile(target, 'utf8').catch(() => undefined)) === text) continue;
    outdated.push(file);
    if (values.check) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  return outdated;
}

function print(text: string): void {
  process.stdout.write(text);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
