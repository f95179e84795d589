import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '../page.js';

/** A name that the SDK exports. */
interface Export {
  name: string;
  /** the module, as the exporting file names it */
  from: string;
  isNodeOnly: boolean;
}

interface Declaration {
  kind: string;
  doc: string;
  code: string;
}

const protocol = '@teamtalk/protocol';
const head = `# SDK reference

Made from the comments of \`libs/client\` by \`npm run docs\`. How to begin: [the SDK](../../libs/client/README.md). What its names are
in the protocol: [protocol](protocol.md), [client behaviour](client-behaviour.md).
`;

/** The reference page of everything the SDK exports, from its compiled type declarations. */
export async function sdkPages(top: string): Promise<Page[]> {
  const folder = path.join(top, 'libs/client/dist');
  const read = (file: string) => readFile(path.join(folder, file.replace(/\.js$/, '.d.ts')), 'utf8');
  const exports = [
    ...exportsIn(await read('index.js'), true),
    ...exportsIn(await read('index.browser.js'), false),
  ].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const values: string[] = [];
  const types: string[] = [];
  for (const name of new Set(exports.filter(({ from }) => from !== protocol).map((each) => each.name))) {
    const variants = exports.filter((each) => each.name === name);
    const declarations = await Promise.all(
      variants.map(async ({ from, isNodeOnly }) => {
        const declaration = declarationsIn(await read(from)).get(name);
        if (!declaration) throw new Error(`${name} has no declaration in ${from}`);
        const isOnly = variants.length === 1;
        const where = isNodeOnly ? (isOnly ? 'In Node only.' : 'In Node:') : isOnly ? '' : 'In browsers:';
        return { ...declaration, where };
      }),
    );
    const isValue = declarations.some(({ kind }) => /class|function/.test(kind));
    (isValue ? values : types).push(section(name, declarations));
  }
  const ofProtocol = exports.filter(({ from }) => from === protocol).map(({ name }) => `\`${name}\``);
  const rest = `Exported from the protocol as they are: ${ofProtocol.join(', ')}.\n`;
  const chapters = [
    '## Classes and functions\n',
    ...values,
    '## Types\n',
    ...types,
    '## The protocol\n',
    rest,
  ];
  return [{ file: 'docs/reference/sdk.md', text: [head, ...chapters].join('\n') }];
}

function section(name: string, declarations: readonly (Declaration & { where: string })[]): string {
  const parts = declarations.flatMap(({ where, doc, code }) => [where, doc, `\`\`\`ts\n${code}\n\`\`\``]);
  return `${[`### ${name}`, ...parts].filter((part) => part !== '').join('\n\n')}\n`;
}

/** The names that a module re-exports. */
export function exportsIn(text: string, isNodeOnly: boolean): Export[] {
  return [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(
    ([, names = '', from = '']) =>
      names
        .split(',')
        .map((each) => ({ name: each.trim().replace(/^type /, ''), from, isNodeOnly }))
        // The list may end with a comma.
        .filter(({ name }) => name !== ''),
  );
}

/** The exported declarations in a `.d.ts` file of the compiler, each with its comment. */
export function declarationsIn(text: string): Map<string, Declaration> {
  const found = new Map<string, Declaration>();
  let comment: string[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]!.startsWith('/**')) {
      const end = lines.findIndex((line, i) => i >= at && line.endsWith('*/'));
      comment = lines.slice(at, end + 1);
      at = end;
      continue;
    }
    const [, kind, name] = /^export (?:declare )?((?:abstract )?\w+) (\w+)/.exec(lines[at]!) ?? [];
    if (kind && name) {
      const end = lines.findIndex((line, i) => i >= at && (line === '}' || /^(?! {4}).*;$/.test(line)));
      const code = lines
        .slice(at, end + 1)
        .filter((line) => !/^ {4}(#private|private constructor\(.*\));$/.test(line));
      code[0] = code[0]!.replace(/^export (declare )?/, '');
      found.set(name, { kind, doc: textOf(comment), code: code.join('\n') });
      at = end;
    }
    comment = [];
  }
  return found;
}

/** A comment without its asterisks. */
function textOf(comment: readonly string[]): string {
  const lines = comment.map((line) => line.replace(/^\/\*\*\s?| ?\*\/$/g, '').replace(/^ \* ?/, ''));
  return lines
    .join('\n')
    .replace(/^@(param|returns|throws)/gm, '\n**$1**')
    .replaceAll(/ @(returns|throws)/g, ' **$1**')
    .trim();
}
