// The import rules of docs/architecture.md: libs import downward; a service imports libs, never another service; the
// command stands above the services; tests/ stands above everything. And what follows from them: packages are reached by
// name, never by a relative path, and what is imported is declared. No file and no folder is part of a circle.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** What each lib may build on; its tests may use local-stack besides. */
const below = {
  protocol: [],
  'service-kit': [],
  'blob-store': ['service-kit'],
  bus: ['service-kit'],
  net: ['service-kit'],
  rpc: ['service-kit'],
  observer: ['service-kit', 'bus'],
  routing: ['protocol', 'service-kit', 'bus'],
  administration: ['protocol', 'service-kit', 'bus', 'rpc'],
  client: ['protocol'],
  'local-stack': ['protocol'],
  conformance: ['protocol', 'local-stack'],
  'load-generator': ['protocol', 'local-stack'],
};
/** Libs that services do not run on: for development and tests only. */
const forDevelopment = ['local-stack', 'conformance', 'load-generator'];
/** The one package of services/ that is no service: it starts them. */
const command = 'cli';
/** The package of tests/ that the others there build on. */
const cluster = 'cluster';

const scope = '@teamtalk/';

/**
 * Checks all packages below `root`.
 * @returns the problems, each as `file:line: what is wrong`, in the order of the files
 */
export async function checkImports(root) {
  const packages = [];
  for (const kind of ['libs', 'services', 'tests']) packages.push(...(await packagesIn(root, kind)));
  const kinds = new Map(packages.map(({ name, kind }) => [name, kind]));
  const problems = [];
  for (const each of packages) {
    problems.push(...checkManifest(each, kinds));
    const sources = [];
    for (const file of await sourcesIn(path.join(root, each.folder))) {
      const text = await readFile(file, 'utf8');
      sources.push({ file: path.relative(root, file), text });
    }
    for (const { file, text } of sources) problems.push(...checkSource(each, file, text, kinds));
    problems.push(...circlesIn(each, sources));
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
  const forTests = owner.kind === 'tests' || isTestFile(file);
  for (const { specifier, line } of importsOf(text)) {
    const problem = specifier.startsWith('.')
      ? relativeProblem(owner, file, specifier)
      : specifier.startsWith(scope)
        ? namedProblem(owner, file, specifier, forTests, kinds)
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

function namedProblem(owner, file, specifier, forTests, kinds) {
  // Pages are bundled at build time, so the service is shipped without their dependencies.
  const mayBeDev = forTests || file.startsWith(`${owner.folder}/web/`);
  const name = specifier.slice(scope.length).split('/')[0];
  if (name === owner.name) return undefined;
  const problem = verdict(owner, name, forTests, kinds);
  if (problem) return problem;
  const { dependencies = {}, devDependencies = {} } = owner.manifest;
  if (dependencies[scope + name] || (mayBeDev && devDependencies[scope + name])) return undefined;
  return `${scope}${name} is imported, but not among the ${mayBeDev ? '' : 'non-dev '}dependencies of ${owner.folder}/package.json`;
}

/** Why `owner` may not import the package `name`; undefined when it may. */
function verdict(owner, name, forTests, kinds) {
  const kind = kinds.get(name);
  if (!kind) return `there is no package ${scope}${name}`;
  if (owner.kind === 'tests') {
    const own = kind === 'tests' && (name !== cluster || owner.name === cluster);
    return own ? `${owner.folder} may not import tests/${name}` : undefined;
  }
  if (kind === 'tests') return `nothing outside of tests/ may import tests/${name} (${owner.folder})`;
  if (owner.kind === 'services')
    return owner.name === command ? undefined : serviceVerdict(owner, name, forTests, kind);
  return libVerdict(owner, name, forTests, kind);
}

function serviceVerdict(owner, name, forTests, kind) {
  if (kind === 'services') return `the service ${owner.name} may not import another service, ${name}`;
  if (!forDevelopment.includes(name) || (forTests && name === 'local-stack')) return undefined;
  return `${name} is for development and tests, not for the service ${owner.name}`;
}

function libVerdict(owner, name, forTests, kind) {
  if (kind === 'services') return `the lib ${owner.name} may not import a service, ${name}`;
  const allowed = below[owner.name];
  if (!allowed)
    return `the lib ${owner.name} has no place in the import rules yet (scripts/lib/import-rules.mjs)`;
  if (allowed.includes(name) || (forTests && name === 'local-stack')) return undefined;
  return `the lib ${owner.name} may only import ${allowed.join(', ') || 'no other lib'}, not ${name}`;
}

/** Circles of files, and of folders below `src`, within a package; what only tests use does not count. */
function circlesIn(owner, sources) {
  const src = `${owner.folder}/src/`;
  const texts = new Map(
    sources
      .filter(({ file }) => file.startsWith(src) && !isTestFile(file))
      .map(({ file, text }) => [file, text]),
  );
  const files = new Map();
  const folders = new Map();
  for (const [file, text] of texts) {
    const folder = path.posix.dirname(file).slice(src.length);
    files.set(file, new Set());
    for (const { specifier } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue;
      const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
      if (!texts.has(target)) continue;
      files.get(file).add(target);
      const other = path.posix.dirname(target).slice(src.length);
      // Files directly in `src` put the folders together, and hold what all of them know.
      if (folder === '' || other === '' || folder === other) continue;
      if (!folders.has(folder)) folders.set(folder, new Set());
      folders.get(folder).add(other);
    }
  }
  return [
    ...circles(files).map(
      (circle) => `${circle[0]}:1: imports itself by way of ${circle.slice(1).join(', ')}`,
    ),
    ...circles(folders).map(
      (circle) => `${src}${circle[0]}:1: the folder imports itself by way of ${circle.slice(1).join(', ')}`,
    ),
  ];
}

/** The strongly connected components of more than one node, each sorted (Tarjan). */
function circles(graph) {
  const found = [];
  const order = new Map();
  const lowest = new Map();
  const stack = [];
  const visit = (node) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const component = stack.splice(stack.indexOf(node));
    if (component.length > 1) found.push(component.sort());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found.sort();
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
