// `npm run test:image [-- SERVICE…]`: builds images as deploy/Dockerfile says and runs each service from its own, on a
// real PostgreSQL and a real NATS. It needs no Docker: buildah builds, on a base image made here.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildImage,
  ensureBuildah,
  imageName,
  inspectImage,
  makeBaseImage,
  openContainer,
} from './image/buildah.mjs';
import { build, prepare } from './lib/bootstrap.mjs';
import { StepError, step, top } from './lib/steps.mjs';

const largestMegabytes = 200;
/** In the order in which they need each other. */
const services = [
  'db_proxy_server',
  'route_server',
  'msg_server',
  'login_server',
  'http_msg_server',
  'push_server',
  'file_server',
  'msfs',
  'web_server',
  'admin_server',
];

/** What must not be in an image: whoever gets in finds nothing to work with. */
const tools = ['sh', 'bash', 'npm', 'pnpm', 'apt-get', 'cc', 'git'];

async function checkImage(name) {
  const { config, megabytes } = await inspectImage(name);
  const size = `${Math.round(megabytes)} MB`;
  if (megabytes > largestMegabytes) throw new StepError(`${name} has ${size}, over ${largestMegabytes} MB`);
  if (config.User !== '10001:10001') throw new StepError(`${name} runs as ${config.User || 'root'}`);
  if (!config.Healthcheck) throw new StepError(`${name} has no health check`);
  return size;
}

function checkTools(root) {
  const found = tools.filter((tool) =>
    ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin'].some((folder) =>
      existsSync(path.join(root, folder, tool)),
    ),
  );
  if (found.length > 0) throw new StepError(`the image holds ${found.join(', ')}`);
}

/** Starts a service from its image; `untilReady` asks the image's own health check. */
async function startService(name, variables) {
  const container = await openContainer(name);
  checkTools(container.root);
  const env = { ...variables, OPS_PORT: String(await freePort()), NODE_ENV: 'production' };
  const server = container.start(env, '/usr/local/bin/node', '/app/dist/main.js');
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (text) => {
      output += text;
    });
  }
  const ended = once(server, 'exit');
  return {
    async untilReady() {
      const end = performance.now() + 60_000;
      while (performance.now() < end) {
        const check = container.start(env, '/usr/local/bin/node', '/app/health-check.mjs');
        const [status] = await once(check, 'exit');
        if (status === 0) return 'ready';
        if (server.exitCode !== null) throw new StepError(`${name} ended with ${server.exitCode}`, output);
      }
      throw new StepError(`${name} was not ready in 60 s; it needs the services above it`, output);
    },
    /** As Kubernetes does it. */
    async stop() {
      await container.signal(server, 'SIGTERM');
      const [status] = await ended;
      await container.remove();
      if (status !== 0) throw new StepError(`${name} ended with ${status} after SIGTERM`, output);
      return 'ended with 0 after SIGTERM';
    },
  };
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function main(wanted) {
  await prepare();
  await step('build', async () => void (await build()));
  await step('buildah', ensureBuildah);
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-image-'));
  const { LocalInfrastructure } = await import(path.join(top, 'libs/local-stack/dist/index.js'));
  const { migrate } = await import(path.join(top, 'tests/cluster/dist/index.js'));
  const running = [];
  const infrastructure = new LocalInfrastructure(migrate);
  try {
    await step('base image', () => makeBaseImage(folder));
    const nats = await infrastructure.nats();
    const database = await infrastructure.database();
    const anyPort = ['CLIENT_PORT', 'WS_PORT', 'HTTP_PORT', 'TCP_PORT', 'GRPC_PORT'].map((name) => [
      name,
      '0',
    ]);
    const variables = {
      ...Object.fromEntries(anyPort),
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      DATABASE_URL: database.url,
      STORAGE_DIR: '/tmp',
    };
    const names = wanted.length > 0 ? wanted : services;
    for (const service of names) {
      await step(`build ${service}`, async () => checkImage(await buildImage(service)));
    }
    for (const service of names) {
      await step(`run ${service}`, async () => {
        const started = await startService(imageName(service), variables);
        running.push([service, started]);
        return started.untilReady();
      });
    }
    for (const [service, started] of running.splice(0).reverse()) {
      await step(`stop ${service}`, () => started.stop());
    }
  } finally {
    for (const [, started] of running) await started.stop().catch(() => {});
    await infrastructure.close();
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof StepError)) throw error;
  process.exitCode = 1;
});
