import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EnvSchema } from '@teamtalk/service-kit';
import type { Command } from 'commander';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { configReference } from '../reference/configuration.js';
import { type ProtoFile, protocolReference } from '../reference/protocol.js';
import { serviceConfigurations } from '../services.js';

interface GeneratedPage {
  command: string;
  /** what it is a page of */
  subject: string;
  /** from the top of the repository */
  file: string;
  make: () => Promise<string>;
}

const top = fileURLToPath(new URL('../../../../', import.meta.url));

const pages: readonly GeneratedPage[] = [
  {
    command: 'config-docs',
    subject: 'all configuration variables',
    file: 'docs/reference/configuration.md',
    make: async () => {
      const schemas: [string, EnvSchema][] = [];
      for (const [name, load] of Object.entries(serviceConfigurations)) {
        schemas.push([name, (await load()).envSchema]);
      }
      return configReference(schemas);
    },
  },
  {
    command: 'protocol-docs',
    subject: 'the client protocol',
    file: 'docs/reference/protocol.md',
    make: async () => {
      const folder = path.join(top, 'proto/client');
      const files: ProtoFile[] = [];
      for (const name of (await readdir(folder)).sort()) {
        files.push([name, await readFile(path.join(folder, name), 'utf8')]);
      }
      return protocolReference(files);
    },
  },
];

/** `teamtalk config-docs` and `teamtalk protocol-docs` */
export function register(program: Command): void {
  for (const page of pages) {
    program
      .command(page.command)
      .description(`Print the reference page of ${page.subject}, in Markdown`)
      .option('--write', `write it to ${page.file} instead`)
      .option('--check', `fail when ${page.file} is not the same`)
      .action((options: { write?: boolean; check?: boolean }) => referenceDocs(page, options));
  }
}

async function referenceDocs(
  { command, file, make }: GeneratedPage,
  { write, check }: { write?: boolean; check?: boolean },
): Promise<void> {
  const text = await make();
  const target = path.join(top, file);
  if (write) {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  if (check) {
    const current = await readFile(target, 'utf8').catch(() => undefined);
    if (current !== text) {
      throw new Failure(`${file} is not what its sources say: run \`npx teamtalk ${command} --write\`.`);
    }
  }
  if (!write && !check) process.stdout.write(text);
  else print(`${file} is up to date`);
}
