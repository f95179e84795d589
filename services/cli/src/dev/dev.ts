import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Service } from '@teamtalk/service-kit';
import { type Addresses, addressesOf } from './addresses.js';
import { canaryAccounts, startDevCanary } from './canary.js';
import { demoPassword, demoUsers } from './demo-users.js';
import { Fleet } from './fleet.js';
import type { Replicas } from './options.js';
import { planPorts } from './port-plan.js';
import { prepareDatabase } from './prepare-database.js';
import { type ProcessEntry, RunFiles } from './run-files.js';
import { serviceUrl, startServers } from './servers.js';
import { welcome } from './welcome.js';

export interface DevOptions {
  replicas: Replicas;
  /** add users u1 to uN; 0: none */
  seed: number;
  /** the IP address that clients and the HTTP API are served on */
  host: string;
  /** whether to run a canary */
  canary: boolean;
  /** aborted when it is to stop */
  signal: AbortSignal;
  /** One line, or the welcome, for the person at the terminal. */
  say: (text: string) => void;
}

/** `.data` at the top of the repository: what is kept from one start to the next. */
const dataFolder = fileURLToPath(new URL('../../../../.data', import.meta.url));

/**
 * Runs the whole installation on this machine until `signal` is aborted.
 * @throws Error when it cannot be started; what had been started is stopped again
 */
export async function runDev(options: DevOptions): Promise<void> {
  const runFiles = new RunFiles(path.join(dataFolder, 'run'));
  runFiles.lock();
  try {
    await runLocked(options, runFiles);
  } catch (error) {
    // Asked to stop while it was starting: that is no failure.
    if (!options.signal.aborted) throw error;
  } finally {
    runFiles.clear();
    runFiles.unlock();
  }
}

async function runLocked(options: DevOptions, runFiles: RunFiles): Promise<void> {
  const { replicas, seed, signal, say } = options;
  const addresses = addressesOf(options.host);
  const begin = performance.now();
  const leftovers = await runFiles.stopLeftovers();
  if (leftovers > 0) say(`stopped ${leftovers} processes of an earlier start`);
  const servers = await startServers(dataFolder, process.env, say);
  try {
    signal.throwIfAborted();
    const canaries = options.canary ? await canaryAccounts(process.env) : undefined;
    const { migrations, seeded, pair, setupToken } = await prepareDatabase(servers.databaseUrl, {
      seed,
      grants: servers.grants,
      canaries,
    });
    if (migrations.length > 0) say(`the database has its newest schema (${migrations.length} migrations)`);
    if (seeded > 0) say(`added ${seeded} users of u1 to u${seed}, password ${demoPassword}`);
    const { planned, moved } = await planPorts(replicas);
    let processes: ProcessEntry[] = [];
    const fleet = new Fleet({
      ...servers,
      databaseUrl: serviceUrl(servers),
      planned,
      addresses,
      consoleKey: keptKey(path.join(dataFolder, 'console-secrets-key')),
      logFolder: path.join(dataFolder, 'log'),
      storageFolder: path.join(dataFolder, 'storage'),
      say,
      onChange: (entries) => {
        processes = entries;
        runFiles.writeProcesses(entries);
      },
    });
    // A second Ctrl-C does not wait.
    const hurry = () => fleet.kill();
    let canary: Service | undefined;
    try {
      await fleet.start(signal);
      runFiles.writeEnvironment({
        databaseUrl: servers.databaseUrl,
        natsUrl: servers.natsUrl,
        ...(servers.natsPasswords && { natsUser: 'operator', natsPassword: servers.natsPasswords.operator }),
        loginServer: addressOf(addresses, processes, 'login_server'),
        httpMsgServer: addressOf(addresses, processes, 'http_msg_server'),
      });
      const logFolder = path.join(dataFolder, 'log');
      if (canaries) {
        canary = await startDevCanary({ local: addresses.local, processes, logFolder, env: process.env });
      }
      const demo = pair?.sender === demoUsers[0]?.name ? demoUsers.map(({ name }) => name) : [];
      const logins = [...demo, ...(seed > 0 ? [`u1 … u${seed}`] : [])];
      const seconds = (performance.now() - begin) / 1000;
      say(
        welcome({
          ...servers,
          addresses,
          env: process.env,
          processes,
          canaryPort: canary?.ports.ops,
          moved,
          logFolder,
          logins,
          password: demoPassword,
          seconds,
          pair,
          setupToken,
        }),
      );
      await aborted(signal);
      say('stopping');
    } finally {
      process.on('SIGINT', hurry);
      await canary?.stop();
      await fleet.stop();
      process.off('SIGINT', hurry);
    }
  } finally {
    await servers.stop();
  }
}

/** Reads a key, generated at the first start and kept, so that later starts can decrypt what was encrypted with it. */
function keptKey(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

function addressOf({ local }: Addresses, processes: readonly ProcessEntry[], service: string): string {
  const entry = processes.find((each) => each.service === service);
  return `http://${local}:${entry?.ports.http ?? 0}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
