// The two import rules of docs/architecture.md: a service imports libs, never another service (cli and
// testkit excepted); libs import only downward. And what follows from them: packages are reached by name,
// never by a relative path, and what is imported is declared.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** What each lib may build on; its tests may use the testkit besides. */
const below = {
  protocol: [],
  'service-kit': [],
  'blob-store': ['service-kit'],
  bus: ['service-kit'],
  net: ['service-kit'],
  rpc: ['service-kit'],
  client: ['protocol'],
};
/** They put services together. */
const exempt = ['cli', 'testkit'];

const scope = '@teamtalk/';

/**
 * Checks all packages below `root`.
 * @returns the problems, each as `file:line: what is wrong`, in the order of the files
 */
export async function checkImports(root) {
  const packages = [...(await packagesIn(root, 'libs')), ...(await packagesIn(root, 'services'))];
  const kinds = new Map(packages.map(({ name, kind }) => [name, kind]));
  const problems = [];
  for (const each of packages) {
    problems.push(...checkManifest(each, kinds));
    for (const file of await sourcesIn(path.join(root, each.folder))) {
      const text = await readFile(file, 'utf8');
      problems.push(...checkSource(each, path.relative(root, file), text, kinds));
    }
  }
  return problems;
}

async function packagesIn(root, kind) {
  const found = [];
  for (const name of (await readdir(path.join(root, kind)).catch(() => [])).sort()) {
    const folder = `${kind}/${name}`;
    const manifestText = await readFile(path.join(root, folder, 'package.json'), 'utf8').catch(
      () => undefined,
    );
    if (manifestText) found.push({ name, kind, folder, manifestText, manifest: JSON.parse(manifestText) });
  }
  return found;
}

async function sourcesIn(folder) {
  const files = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'gen'].includes(entry.name)) files.push(...(await sourcesIn(full)));
    } else if (/\.[cm]?[jt]sx?$/.test(entry.name)) files.push(full);
  }
  return files.sort();
}

function checkManifest(owner, kinds) {
  const problems = [];
  for (const [field, forTests] of [
    ['dependencies', false],
    ['devDependencies', true],
  ]) {
    for (const dependency of Object.keys(owner.manifest[field] ?? {})) {
      if (!dependency.startsWith(scope)) continue;
      const problem = verdict(owner, dependency.slice(scope.length), forTests, kinds);
      if (problem)
        problems.push(
          `${owner.folder}/package.json:${lineOf(owner.manifestText, field, dependency)}: ${problem}`,
        );
    }
  }
  return problems;
}

function lineOf(text, field, dependency) {
  const at = text.indexOf(`"${dependency}"`, Math.max(text.indexOf(`"${field}"`), 0));
  return text.slice(0, at).split('\n').length;
}

function checkSource(owner, file, text, kinds) {
  const problems = [];
  const forTests = isTestFile(file);
  for (const { specifier, line } of importsOf(text)) {
    const problem = specifier.startsWith('.')
      ? relativeProblem(owner, file, specifier)
      : specifier.startsWith(scope)
        ? namedProblem(owner, specifier, forTests, kinds)
        : undefined;
    if (problem) problems.push(`${file}:${line}: ${problem}`);
  }
  return problems;
}

function relativeProblem(owner, file, specifier) {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  if (target.startsWith(`${owner.folder}/`)) return undefined;
  return `'${specifier}' leaves the package: import other packages by name`;
}

function namedProblem(owner, specifier, forTests, kinds) {
  const name = specifier.slice(scope.length).split('/')[0];
  if (name === owner.name) return undefined;
  const problem = verdict(owner, name, forTests, kinds);
  if (problem) return problem;
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  if (dependencies[scope + name] || (forTests && devDependencies[scope + name])) return undefined;
  return `${scope}${name} is imported, but not among the ${forTests ? '' : 'non-dev '}dependencies of ${owner.folder}/package.json`;
}

/** Why `owner` may not import the package `name`; undefined when it may. */
function verdict(owner, name, forTests, kinds) {
  const kind = kinds.get(name);
  if (!kind) return `there is no package ${scope}${name}`;
  if (exempt.includes(owner.name)) return undefined;
  if (name === 'testkit') {
    return forTests ? undefined : `only tests may use the testkit (${owner.folder})`;
  }
  if (kind === 'services') {
    return owner.kind === 'services'
      ? `the service ${owner.name} may not import another service, ${name}`
      : `the lib ${owner.name} may not import a service, ${name}`;
  }
  if (owner.kind === 'services') return undefined;
  const allowed = below[owner.name];
  if (!allowed)
    return `the lib ${owner.name} has no place in the import rules yet (scripts/lib/import-rules.mjs)`;
  if (allowed.includes(name)) return undefined;
  return `the lib ${owner.name} may only import ${allowed.join(', ') || 'no other lib'}, not ${name}`;
}

/** A test, or what only tests use: in a folder `testing`, or named so. */
function isTestFile(file) {
  return /\.test\.[cm]?[jt]sx?$|\/testing\/|\/test-[^/]*$/.test(file);
}

/** The module names of all import and export statements, import() and require(), with their lines. */
export function importsOf(text) {
  const code = withoutComments(text);
  const found = [];
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])((?:(?!\1)[^\n\\])+)\1/g;
  for (const match of code.matchAll(pattern)) {
    found.push({
      specifier: match[2],
      line: code.slice(0, match.index + match[0].length).split('\n').length,
    });
  }
  return found;
}

/** The text with its comments and the content of its template literals blanked out; lines stay where they are. */
function withoutComments(text) {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|`(?:\\[\s\S]|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replace(pattern, (piece) => (/^['"]/.test(piece) ? piece : piece.replace(/[^\n]/g, ' ')));
}
