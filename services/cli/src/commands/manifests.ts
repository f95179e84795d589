import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { configEnv } from '../manifests/config-env.js';
import { networkPage } from '../manifests/page.js';
import { type Manifest, overlayNames, renderOverlay } from '../manifests/rendered.js';
import { folderOf, variablesOfWorkload } from '../manifests/settings.js';
import { print } from '../output.js';
import { serviceConfigurations } from '../services.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));

/** `teamtalk manifests` */
export function register(program: Command): void {
  program
    .command('manifests')
    .description('Bring the settings in k8s/ and docs/reference/network.md up to date with the services')
    .option('--write', 'write what differs')
    .option('--check', 'fail when something differs')
    .action(manifests);
}

async function manifests({ write, check }: { write?: boolean; check?: boolean }): Promise<void> {
  if (!write && !check) throw new Failure('say --write or --check');
  // The settings first: the overlays are rendered from them.
  await apply(await settings(), { write });
  await apply([await network()], { write });
  print('k8s/ and docs/reference/network.md are up to date');
}

interface Page {
  file: string;
  text: string;
}

async function apply(pages: readonly Page[], { write }: { write?: boolean | undefined }): Promise<void> {
  for (const { file, text } of pages) {
    if ((await readOr(file)) === text) continue;
    if (!write) throw new Failure(`${file} is not up to date: run \`npx teamtalk manifests --write\`.`);
    await writeFile(path.join(top, file), text);
  }
}

async function settings(): Promise<Page[]> {
  const pages: Page[] = [];
  // The same for StatefulSets.
  const common = await readOr('k8s/base/common/deployment.yaml');
  for (const [service, load] of Object.entries(serviceConfigurations)) {
    const { envSchema } = await load();
    const folder = `k8s/base/${folderOf(service)}`;
    const own = await readOr(`${folder}/workload.yaml`);
    const elsewhere = variablesOfWorkload(envSchema, [own, common]);
    const file = `${folder}/config.env`;
    pages.push({ file, text: configEnv(envSchema, await readOr(file), elsewhere) });
  }
  return pages;
}

async function network(): Promise<Page> {
  const overlays: [string, Manifest[]][] = [];
  for (const name of await overlayNames(top)) overlays.push([name, await renderOverlay(top, name)]);
  return { file: 'docs/reference/network.md', text: networkPage(overlays) };
}

function readOr(file: string): Promise<string> {
  return readFile(path.join(top, file), 'utf8').catch(() => '');
}
