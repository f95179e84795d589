import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { envSchema as canarySchema } from '@teamtalk/canary';
import { serviceConfigurations } from '@teamtalk/cli';
import type { EnvSchema } from '@teamtalk/service-kit';
import type { Page } from '../page.js';
import { configEnv } from './config-env.js';
import { networkPage } from './page.js';
import { type Manifest, overlayNames, renderOverlay } from './rendered.js';
import { folderOf, variablesOfWorkload } from './settings.js';

/** The settings in k8s/, generated from the services' variables. */
export async function settingsPages(top: string): Promise<Page[]> {
  const readOr = (file: string) => readFile(path.join(top, file), 'utf8').catch(() => '');
  // Likewise for StatefulSets.
  const common = await readOr('k8s/base/common/deployment.yaml');
  const settingsOf = async (folder: string, envSchema: EnvSchema): Promise<Page> => {
    const own = await readOr(`${folder}/workload.yaml`);
    const elsewhere = variablesOfWorkload(envSchema, [own, common]);
    const file = `${folder}/config.env`;
    return { file, text: configEnv(envSchema, await readOr(file), elsewhere) };
  };
  const pages: Page[] = [];
  for (const [service, load] of Object.entries(serviceConfigurations)) {
    pages.push(await settingsOf(`k8s/base/${folderOf(service)}`, (await load()).envSchema));
  }
  pages.push(await settingsOf('k8s/components/canary', canarySchema));
  return pages;
}

/** The network page, from the rendered overlays: needs kustomize, and settings that are up to date. */
export async function networkPages(top: string): Promise<Page[]> {
  const overlays: [string, Manifest[]][] = [];
  for (const name of await overlayNames(top)) overlays.push([name, await renderOverlay(top, name)]);
  return [{ file: 'docs/reference/network.md', text: networkPage(overlays) }];
}
