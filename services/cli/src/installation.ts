import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.js';

/** What `teamtalk dev` says of the installation it runs; see dev/run-files.ts. */
interface Installation {
  databaseUrl?: string;
  loginServer?: string;
  natsUrl?: string;
  natsUser?: string;
  natsPassword?: string;
}

const environmentFile = path.join('.data', 'run', 'environment.json');

/** The installation that runs in `folder` or one of its parents. */
function findInstallation(folder: string): Installation {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    const installation = readInstallation(path.join(current, environmentFile));
    if (installation) return installation;
    if (path.dirname(current) === current) return {};
  }
}

/** @throws Failure when nothing says where the database is */
export function databaseUrl(env: NodeJS.ProcessEnv, folder = process.cwd()): string {
  const url = env.DATABASE_URL || findInstallation(folder).databaseUrl;
  if (url) return url;
  throw new Failure(
    'which database? Set DATABASE_URL (postgres://user:password@host:5432/name), or start one with `npm start`.',
  );
}

/** The base URL of the login_server to ask when the command line names none. */
export function loginServerUrl(env: NodeJS.ProcessEnv, folder = process.cwd()): string {
  return env.TEAMTALK_LOGIN_SERVER || findInstallation(folder).loginServer || 'http://127.0.0.1:8080';
}

/** The environment with what it lacks to reach the NATS servers of the installation. */
export function withNats(env: NodeJS.ProcessEnv, folder = process.cwd()): NodeJS.ProcessEnv {
  if (env.NATS_URL) return env;
  const { natsUrl, natsUser, natsPassword } = findInstallation(folder);
  return { NATS_USER: natsUser, NATS_PASSWORD: natsPassword, ...env, ...(natsUrl && { NATS_URL: natsUrl }) };
}

function readInstallation(file: string): Installation | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return Object(JSON.parse(text)) as Installation;
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
