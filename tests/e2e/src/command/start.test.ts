import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { teamtalk } from './run.js';

const bin = fileURLToPath(new URL('../../../../services/cli/bin/teamtalk.mjs', import.meta.url));

/** The packages `teamtalk` loads for these arguments: a measure of its start-up cost that needs no clock. */
async function packagesFor(words: string[]): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-start-'));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder };
    const child = spawn(process.execPath, [bin, ...words], { env, stdio: 'ignore' });
    await new Promise((resolve) => child.once('close', resolve));
    const [file] = await readdir(folder);
    const { result } = JSON.parse(await readFile(path.join(folder, file!), 'utf8')) as {
      result: { url: string }[];
    };
    const files = result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
    const names = files.map(
      (url) =>
        /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
        /\/((?:services|libs)\/\w+)\//.exec(url)?.[1],
    );
    return [...new Set(names.map(String))].sort();
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('loads nothing but commander for help and version, nor for the help of any command', async () => {
  expect(await packagesFor(['--help'])).toEqual(['commander', 'services/cli']);
  expect(await packagesFor(['--version'])).toEqual(['commander', 'services/cli']);
  // Completion is made of the options of all commands.
  expect(await packagesFor(['completion', 'bash'])).toEqual(['commander', 'services/cli']);
});

it('loads the client to send, and nothing of the services', async () => {
  const send = ['send', '--as', 'a', '--to', 'b', '--server', '127.0.0.1:1', 'hello'];
  expect(await packagesFor(send)).toEqual([
    'commander',
    'libs/client',
    'libs/protocol',
    'long',
    'protobufjs',
    'services/cli',
  ]);
});

it('says its version', async () => {
  const manifest = new URL('../../../../services/cli/package.json', import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  expect(await teamtalk(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

it.each([['bench', 'p2p'], ['app', 'create'], ['send'], ['conformance'], ['trace'], ['receive-files']])(
  'shows in the help of %s %s no default that nobody could type',
  async (...words) => {
    const { status, stdout } = await teamtalk([...words, '--help']);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/default:\s+(\[|\{|"|true|false)/);
    expect(stdout).not.toMatch(/\(default:[^)]*\)\s+\(default:/);
  },
);

it('shows a default as it would be typed', async () => {
  expect((await teamtalk(['send', '--help'])).stdout).toContain('(default: ios)');
  expect((await teamtalk(['trace', '--help'])).stdout).toContain('(default: 10m)');
});

it('shows the same help as `help COMMAND`', async () => {
  expect(await teamtalk(['help', 'send'])).toEqual(await teamtalk(['send', '--help']));
});

it.each([
  ['teamtalk se', 'seed send send-file'],
  ['teamtalk user ', 'add list import undo-import import-passwords help'],
  ['teamtalk console ', 'invite unlock reset-second-factor help'],
  ['teamtalk user list -', '--json --help'],
  ['teamtalk bench p2p --one', '--one-way'],
  ['teamtalk send --as user --t', '--to'],
  ['teamtalk check-config ms', 'msg_server msfs'],
  ['teamtalk upload ', ''],
])('completes %j in bash', async (line, expected) => {
  const { stdout: script } = await teamtalk(['completion', 'bash']);
  const words = line.split(' ').map((word) => `'${word}'`);
  const { stdout } = await promisify(execFile)('bash', [
    '--norc',
    '-c',
    `${script}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _teamtalk; echo "\${COMPREPLY[*]}"`,
  ]);
  expect(stdout).toBe(`${expected}\n`);
});

it('knows the same commands and options in zsh and fish', async () => {
  const { stdout: zsh } = await teamtalk(['completion', 'zsh']);
  expect(zsh).toContain("'send:Send a message, and wait until the server has stored it'");
  expect(zsh).toMatch(/' bench p2p'\)\n {6}found=\(\n(?: {8}'--.*'\n)+/);
  const { stdout: fish } = await teamtalk(['completion', 'fish']);
  expect(fish).toContain(`complete -c teamtalk -n "__teamtalk_at ' user add'" -l password -r -d '`);
  expect(fish).toContain(`complete -c teamtalk -n "__teamtalk_at ' completion'" -f -a zsh -d '`);
  expect((await teamtalk(['completion', 'tcsh'])).status).toBe(2);
});
