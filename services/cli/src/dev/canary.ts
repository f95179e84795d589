import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { freePort } from '@teamtalk/local-stack';
import { createLogger, type Service } from '@teamtalk/service-kit';
import { demoPassword } from './demo-users.js';
import type { ProcessEntry } from './run-files.js';

interface DevCanaryOptions {
  /** address that programs on this machine connect to */
  local: string;
  processes: readonly ProcessEntry[];
  logFolder: string;
  env: NodeJS.ProcessEnv;
}

/** Few enough for a small machine. */
const fewUsers = '10';

/** Starts a canary in this process that sends messages between all msg_servers. Its accounts have to exist. */
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

/** The accounts the canary uses. */
export async function canaryAccounts(env: NodeJS.ProcessEnv): Promise<{ prefix: string; count: number }> {
  const { canaryPrefix } = await import('@teamtalk/canary');
  return { prefix: canaryPrefix, count: Number(env.CANARY_USERS || fewUsers) };
}
