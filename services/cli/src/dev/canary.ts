import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { freePort } from '@teamtalk/local-stack';
import { createLogger, type Service } from '@teamtalk/service-kit';
import { demoPassword } from './demo-users.js';
import type { ProcessEntry } from './run-files.js';

interface DevCanaryOptions {
  /** what programs on this machine dial */
  local: string;
  processes: readonly ProcessEntry[];
  logFolder: string;
  env: NodeJS.ProcessEnv;
}

/** So few that their logins do not keep a small machine busy. */
const fewUsers = '10';

/** Starts a canary that writes between all msg_servers, in this process. Its accounts are there already. */
export async function startDevCanary({
  local,
  processes,
  logFolder,
  env,
}: DevCanaryOptions): Promise<Service> {
  const { loadConfig, startCanary } = await import('@teamtalk/canary');
  const servers = processes
    .filter(({ service }) => service === 'msg_server')
    .map(({ ports }) => `${local}:${ports.client}`);
  const config = loadConfig({
    ...env,
    OPS_HOST: '127.0.0.1',
    OPS_PORT: String(await freePort(18_900)),
    CANARY_SERVERS: servers.join(','),
    CANARY_USERS: env.CANARY_USERS || fewUsers,
    CANARY_PASSWORD: demoPassword,
  });
  const destination = createWriteStream(path.join(logFolder, 'canary-0.log'));
  const log = createLogger({ service: 'canary', instance: 0, level: config.logLevel, destination });
  return startCanary(config, { log });
}

/** The accounts it writes with. */
export async function canaryAccounts(env: NodeJS.ProcessEnv): Promise<{ prefix: string; count: number }> {
  const { canaryPrefix } = await import('@teamtalk/canary');
  return { prefix: canaryPrefix, count: Number(env.CANARY_USERS || fewUsers) };
}
