// Building and running images without Docker: buildah, as root, on Debian.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureProgram } from '../lib/programs.mjs';
import { run, StepError, top } from '../lib/steps.mjs';

/** The image deploy/Dockerfile starts from. */
const [, nodeImage] = /NODE_IMAGE=(\S+)/.exec(await readFile(path.join(top, 'deploy/Dockerfile'), 'utf8'));
const baseImage = `docker.io/library/${nodeImage}`;

const env = { STORAGE_DRIVER: 'overlay', BUILDAH_ISOLATION: 'chroot' };
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** The programs of Debian's that are needed. */
export async function ensureBuildah() {
  if (process.getuid?.() !== 0) throw new StepError('Images can be built only by root here.');
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib/podman'];
  for (const [name, packageName] of [
    ['buildah', 'buildah'],
    ['netavark', 'netavark'],
    ['mmdebstrap', 'mmdebstrap'],
  ]) {
    await ensureProgram(
      { name, packageName, variable: name.toUpperCase(), hint: '' },
      { ...process.env },
      folders,
    );
  }
}

/** buildah's words may not ask for more than this process may have. */
async function limits() {
  const hard = async (flag) => (await run('bash', ['-c', `ulimit -H ${flag}`])).trim();
  const [files, processes] = [await hard('-n'), await hard('-u')];
  return ['--ulimit', `nofile=${files}:${files}`, '--ulimit', `nproc=${processes}:${processes}`];
}

const buildah = (...words) => run('buildah', words, { env }).then((text) => text.trim());

/**
 * Makes an image under the base image's name from Debian's packages and this machine's Node and npm, which trusts
 * what this machine trusts.
 * @param folder for the root file system's archive
 */
export async function makeBaseImage(folder) {
  if (await buildah('images', '--quiet', baseImage).catch(() => '')) return 'is there already';
  const archive = `${folder}/base.tar`;
  const packages = '--include=ca-certificates,libstdc++6,tzdata';
  await run('mmdebstrap', ['--variant=minbase', packages, 'trixie', archive]);
  const container = await buildah('from', ...(await limits()), 'scratch');
  const npm = await npmFolder();
  await buildah('add', '--quiet', container, archive, '/');
  await buildah('copy', '--quiet', container, process.execPath, '/usr/local/bin/node');
  await buildah('copy', '--quiet', container, npm, '/usr/local/lib/node_modules/npm');
  if (existsSync(certificates)) {
    await buildah('copy', '--quiet', container, certificates, certificates);
    await buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${certificates}`, container);
  }
  const link = 'for n in npm npx; do ln -s ../lib/node_modules/npm/bin/$n-cli.js /usr/local/bin/$n; done';
  await buildah('run', '--network', 'host', container, '--', 'sh', '-c', link);
  await buildah('commit', '--quiet', '--rm', container, baseImage);
  return 'made of Debian’s packages and this machine’s Node';
}

/** Where npm's files are: beside the Node that runs this. */
async function npmFolder() {
  for (const folder of ['../lib/node_modules/npm', '../share/nodejs/npm']) {
    const found = new URL(folder, `file://${process.execPath}`).pathname;
    if ((await readdir(found).catch(() => [])).includes('package.json')) return found;
  }
  throw new StepError('npm’s own files are not where they are expected, beside node.');
}

/** What a service's image is called here. */
export function imageName(service) {
  return `teamtalk/${service}:test`;
}

/** Builds a service's image as deploy/Dockerfile says. */
export async function buildImage(service) {
  const name = imageName(service);
  const words = ['--file', 'deploy/Dockerfile', '--build-arg', `SERVICE=${service}`, '--tag', name];
  const how = ['--network', 'host', '--layers', '--pull=never', '--format', 'docker'];
  await buildah('build', ...(await limits()), ...how, ...words, '.');
  return name;
}

/** @returns the image's configuration and its size in megabytes */
export async function inspectImage(name) {
  const { Docker: docker } = JSON.parse(await buildah('inspect', '--type', 'image', name));
  const container = await buildah('from', '--pull=never', name);
  const root = await buildah('mount', container);
  const kilobytes = Number((await run('du', ['-sk', root])).split('\t')[0]);
  await buildah('rm', container);
  return { config: docker.config, megabytes: kilobytes / 1024 };
}

/**
 * A container of the image as Kubernetes would run it: the user the image names, the root file system read-only, a
 * /tmp of its own, the machine's network; what is started is process 1.
 */
export async function openContainer(name) {
  const container = await buildah('from', '--pull=never', name);
  const root = await buildah('mount', container);
  const script =
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && mount -t tmpfs tmpfs "$0/tmp" && ' +
    'exec chroot --userspec=10001:10001 "$0" "$@"';
  return {
    root,
    /** Starts a program of the container's with these variables and no others; `signal` speaks to it. */
    start: (variables, ...words) =>
      spawn('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', script, root, ...words], {
        env: { PATH: '/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin', ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    /** @param started what `start` gave: the program is its child, and process 1 where it is */
    async signal(started, name) {
      const children = await readFile(`/proc/${started.pid}/task/${started.pid}/children`, 'utf8');
      const pid = Number(children.trim());
      if (!(pid > 1)) throw new StepError('the program has ended by itself');
      process.kill(pid, name);
    },
    remove: () => buildah('rm', container),
  };
}
