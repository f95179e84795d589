import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { appendFile, chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@teamtalk/local-stack';
import pg from 'pg';

/** `npm run test:full` sets PG_INITDB; by itself a test takes Debian's, which has each version in a folder of its own. */
function findPrograms(): string {
  const debian = [18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin`);
  const folders = process.env.PG_INITDB ? [path.dirname(realpathSync(process.env.PG_INITDB))] : debian;
  const needed = ['initdb', 'postgres', 'pg_dump', 'pg_basebackup'];
  const found = folders.find((folder) => needed.every((name) => existsSync(path.join(folder, name))));
  if (found) return found;
  throw new Error(
    `no PostgreSQL with its tools in ${folders.join(', ')} (Debian: \`apt-get install postgresql\`)`,
  );
}

/** PostgreSQL does not run as root. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((which) =>
    Number(spawnSync('id', [which, 'postgres'], { encoding: 'utf8' }).stdout),
  );
  return { uid, gid };
}

/** A shell as the account PostgreSQL runs as, with its programs first on the PATH. */
export class PostgresShell {
  readonly #programs = findPrograms();
  readonly #account = account();
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param folder created for it, owned by its account */
  static async open(folder: string): Promise<PostgresShell> {
    const shell = new PostgresShell(folder);
    await mkdir(folder, { recursive: true });
    const { uid, gid } = shell.#account;
    if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
    return shell;
  }

  /**
   * Runs lines of shell.
   * @returns what they print
   * @throws Error with what they say when one fails
   */
  run(script: string, env: Record<string, string> = {}, cwd = this.#folder): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
        ...this.#account,
        cwd,
        env: { ...env, HOME: this.#folder, PATH: `${this.#programs}:${process.env.PATH}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      child.once('error', reject);
      child.once('exit', (status) => {
        if (status === 0) resolve(output);
        else reject(new Error(`${script}\n${output}`));
      });
    });
  }

  /** A new server on a folder below the shell's own, with these lines in its configuration. @returns its URL */
  async startServer(name: string, configuration: string): Promise<string> {
    const port = await freePort(0);
    const data = path.join(this.#folder, name);
    await this.run(
      `initdb --pgdata='${data}' --username=teamtalk --auth=trust --no-sync --encoding=UTF8 --locale=C`,
    );
    const common = `listen_addresses = '127.0.0.1'\nunix_socket_directories = '${this.#folder}'\nfsync = off\n`;
    await appendFile(path.join(data, 'postgresql.conf'), common + configuration);
    await this.run(
      `pg_ctl --pgdata='${data}' --log='${data}/log' --options='-p ${port}' --wait start && createdb --host=127.0.0.1 --port=${port} --username=teamtalk teamtalk`,
    );
    return `postgres://teamtalk@127.0.0.1:${port}/teamtalk`;
  }

  stopServer(name: string): Promise<string> {
    return this.run(`pg_ctl --pgdata='${path.join(this.#folder, name)}' --mode=immediate stop || true`);
  }
}

/** One statement on a database. */
export async function sql<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
