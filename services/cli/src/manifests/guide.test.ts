import { exec } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { serviceConfigurations } from '../services.js';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const run = promisify(exec);

/** The lines of the guide's shell blocks. */
async function commands(): Promise<string[]> {
  const text = await readFile(path.join(top, 'docs/guides/kubernetes.md'), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block?.trim().split('\n') ?? []);
}

it('renders what the guide applies', async () => {
  const rendered = (await commands()).filter((line) => line.startsWith('kubectl kustomize '));
  expect(rendered).toHaveLength(2);
  for (const line of rendered) {
    const kustomize = `${process.env.KUSTOMIZE || 'kustomize'} build`;
    const { stdout } = await run(line.replace('kubectl kustomize', kustomize), { cwd: top });
    expect(stdout).toContain('kind: StatefulSet');
  }
});

it('names files, services and options that exist', async () => {
  const lines = await commands();
  const files = lines.flatMap((line) => line.match(/\b(k8s|deploy)\/[\w./-]+/g) ?? []);
  for (const file of new Set(files)) {
    await expect(
      readFile(path.join(top, file)).catch((error: { code: string }) => error.code),
      file,
    ).resolves.not.toBe('ENOENT');
  }
  const built = lines.find((line) => line.startsWith('for s in '))?.match(/in (.*);/)?.[1];
  expect(built?.split(' ').sort()).toEqual(Object.keys(serviceConfigurations).sort());
  const words = lines
    .filter((line) => line.includes('npx teamtalk'))
    .map((line) => line.split('npx teamtalk ')[1]);
  for (const line of words) {
    const [command, second] = line?.split(' ') ?? [];
    const help = `npx teamtalk ${command} ${second === 'add' ? 'add ' : ''}--help`;
    const { stdout } = await run(help, { cwd: top });
    for (const option of line?.match(/--[a-z-]+/g) ?? []) expect(stdout, line).toContain(option);
  }
});
