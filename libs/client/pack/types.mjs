// Collects the type declarations of libs/client and those they use from libs/protocol, so that they need no other package,
// not even Node's types: a Buffer is declared as a Uint8Array, which it is everywhere.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The part of protobufjs that the generated messages refer to. */
const protobuf = `export interface Writer {
  finish(): Uint8Array;
}
export interface Reader {
  readonly pos: number;
  readonly len: number;
}
`;

/**
 * @param client the compiled libs/client
 * @param protocol the folder of libs/protocol
 */
export async function collectTypes(client, protocol, target) {
  /** Source of each folder of the package. */
  const sources = { client, protocol: path.join(protocol, 'dist'), gen: path.join(protocol, 'gen') };
  const pending = ['client/index.d.ts', 'client/index.browser.d.ts'];
  const seen = new Set(pending);
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const text = await textOf(file);
    await mkdir(path.dirname(path.join(target, file)), { recursive: true });
    await writeFile(path.join(target, file), text);
  }

  async function textOf(file) {
    if (file === 'gen/protobuf.d.ts') return protobuf;
    const text = await readFile(sourceOf(file), 'utf8');
    return text
      .replaceAll(/^import Long = require\("long"\);$\n|^\/\/# sourceMappingURL=.*$\n?/gm, '')
      .replaceAll(/\bBuffer\b(?:<[A-Za-z]+>)?/g, 'Uint8Array')
      .replaceAll(/(\bfrom\s*|\bimport\s*\(\s*)(['"])([^'"]+)\2/g, (_, before, quote, specifier) => {
        return `${before}${quote}${redirected(file, specifier)}${quote}`;
      });
  }

  /** Collects the imported file. @returns its specifier in the package */
  function redirected(from, specifier) {
    const found = fileOf(from, specifier);
    if (!seen.has(found)) {
      seen.add(found);
      pending.push(found);
    }
    const relative = path.posix.relative(path.posix.dirname(from), found).replace(/\.d\.ts$/, '.js');
    return relative.startsWith('.') ? relative : `./${relative}`;
  }

  function fileOf(from, specifier) {
    if (specifier === '@teamtalk/protocol') return 'protocol/index.d.ts';
    if (specifier === 'protobufjs/minimal.js') return 'gen/protobuf.d.ts';
    if (!specifier.startsWith('.')) throw new Error(`the types of ${from} need ${specifier}`);
    const file = path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '.d.ts');
    // A browser variant has fewer methods, all of which exist everywhere, so its types are used.
    const variant = file.replace(/\.d\.ts$/, '.browser.d.ts');
    return existsSync(sourceOf(variant)) ? variant : file;
  }

  function sourceOf(file) {
    const [folder, ...rest] = file.split('/');
    return path.join(sources[folder], ...rest);
  }
}
