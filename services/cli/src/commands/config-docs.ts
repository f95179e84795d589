import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvSchema } from '@teamtalk/service-kit';
import type { Command } from 'commander';
import { configReference } from '../config-reference.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { serviceConfigurations } from '../services.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const page = 'docs/reference/configuration.md';

/** `teamtalk config-docs` */
export function register(program: Command): void {
  program
    .command('config-docs')
    .description('Print the reference page of all configuration variables, in Markdown')
    .option('--write', `write it to ${page} instead`)
    .option('--check', `fail when ${page} is not the same`)
    .action(configDocs);
}

async function configDocs({ write, check }: { write?: boolean; check?: boolean }): Promise<void> {
  const schemas: [string, EnvSchema][] = [];
  for (const [name, load] of Object.entries(serviceConfigurations)) {
    schemas.push([name, (await load()).envSchema]);
  }
  const text = configReference(schemas);
  const file = path.join(top, page);
  if (write) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  if (check) {
    const current = await readFile(file, 'utf8').catch(() => undefined);
    if (current !== text) {
      throw new Failure(`${page} is not what the services say: run \`npx teamtalk config-docs --write\`.`);
    }
  }
  if (!write && !check) process.stdout.write(text);
  else print(`${page} is up to date`);
}
