import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { serviceConfigurations } from '@teamtalk/cli';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { top } from './manifests/testing/renderings.js';

interface Job {
  permissions?: Record<string, string>;
  strategy?: { matrix: { service: string[] } };
  steps: { name?: string; id?: string; uses?: string; run?: string; env?: object; with?: object }[];
}

const { jobs } = parse(await readFile(path.join(top, '.github/workflows/release.yml'), 'utf8')) as {
  jobs: Record<'images' | 'digests', Job>;
};
const images = [...Object.keys(serviceConfigurations), 'canary'];

/** Runs a step's script as the workflow does. */
async function runStep(job: Job, name: string, env: Readonly<Record<string, string>>, cwd: string) {
  const script = job.steps.find((step) => step.name === name)?.run ?? 'false';
  await promisify(execFile)('bash', ['-e', '-c', script], { cwd, env: { ...process.env, ...env } });
}

it('builds the image of every service, and signs what was built, by its digest', () => {
  const { strategy, permissions, steps } = jobs.images;
  expect(strategy?.matrix.service.toSorted()).toEqual(images.toSorted());
  expect(permissions).toMatchObject({ 'id-token': 'write' });
  expect(steps.find(({ id }) => id === 'build')?.with).toMatchObject({ sbom: true, provenance: 'mode=max' });
  const signing = steps.find(({ run }) => run?.startsWith('cosign sign '));
  expect(JSON.stringify(signing?.env)).toMatch(/@\$\{\{ steps\.build\.outputs\.digest }}/);
});

it('writes values that name each image by its digest, as the chart knows them', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-release-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const service of images)
    await runStep(jobs.images, 'Note the digest', { SERVICE: service, DIGEST: digest }, folder);
  await writeFile(path.join(folder, 'other'), 'not a digest');
  await runStep(jobs.digests, 'Values for the chart', { REGISTRY: 'registry.example.com' }, folder);
  const values = parse(await readFile(path.join(folder, 'image-digests.yaml'), 'utf8'));
  expect(values).toEqual({
    image: {
      registry: 'registry.example.com/',
      digests: Object.fromEntries(images.map((service) => [service, digest])),
    },
  });
});
