import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { envSchema as canarySchema } from '@teamtalk/canary';
import { serviceConfigurations } from '@teamtalk/cli';
import type { EnvSchema } from '@teamtalk/service-kit';
import type { Page } from '../page.js';
import { configReference } from './configuration.js';
import { type ProtoFile, protocolReference } from './protocol.js';

/** All configuration variables, and the client protocol. */
export async function referencePages(top: string): Promise<Page[]> {
  const schemas: [string, EnvSchema][] = [];
  for (const [name, load] of Object.entries(serviceConfigurations)) {
    schemas.push([name, (await load()).envSchema]);
  }
  schemas.push(['canary', canarySchema]);
  const folder = path.join(top, 'proto/client');
  const files: ProtoFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    files.push([name, await readFile(path.join(folder, name), 'utf8')]);
  }
  return [
    { file: 'docs/reference/configuration.md', text: configReference(schemas) },
    { file: 'docs/reference/protocol.md', text: protocolReference(files) },
  ];
}
