import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const top = fileURLToPath(new URL('../../../../', import.meta.url));
const execute = promisify(execFile);

/** The packed SDK, installed in a separate folder as a user would, but offline from its tarball. */
export class InstalledSdk {
  readonly folder: string;

  static async create(): Promise<InstalledSdk> {
    const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-sdk-'));
    const sdk = new InstalledSdk(folder);
    const { stdout } = await execute(process.execPath, [path.join(top, 'libs/client/pack/pack.mjs'), folder]);
    await sdk.write('package.json', JSON.stringify({ name: 'bot', private: true, type: 'module' }));
    const cache = path.join(folder, 'npm-cache');
    const words = ['install', '--offline', '--no-audit', '--no-fund', '--cache', cache, stdout.trim()];
    await execute('npm', words, { cwd: folder });
    return sdk;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** The files of the package, relative to its folder. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.#package, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.relative(this.#package, path.join(parentPath, name)));
  }

  /** The text of a file of the package. */
  read(file: string): Promise<string> {
    return readFile(path.join(this.#package, file), 'utf8');
  }

  async write(file: string, text: string): Promise<string> {
    const full = path.join(this.folder, file);
    await writeFile(full, text);
    return full;
  }

  /**
   * Checks the types of a file and compiles it beside itself.
   *
   * @param lib the types available besides the SDK's: Node's or the DOM's
   * @throws Error with the compiler's output
   */
  async compile(file: string, lib: 'node' | 'dom'): Promise<void> {
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      skipLibCheck: false,
      lib: lib === 'dom' ? ['es2023', 'dom'] : ['es2023'],
      types: lib === 'dom' ? [] : ['node'],
      typeRoots: [path.join(top, 'node_modules/@types')],
    };
    const config = await this.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
    await execute(path.join(top, 'node_modules/.bin/tsc'), ['-p', config]).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  get #package(): string {
    return path.join(this.folder, 'node_modules/@teamtalk/client');
  }
}
