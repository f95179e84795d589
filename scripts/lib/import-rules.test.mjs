import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkImports, importsOf } from './import-rules.mjs';

describe('the import rules', () => {
  let root;

  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'import-rules-'));
    await manifest('libs/protocol');
    await manifest('libs/service-kit');
    await manifest('libs/bus', ['service-kit']);
    await manifest('libs/client', ['protocol']);
    await manifest('libs/local-stack', ['protocol']);
    await manifest('services/msg_server', ['bus', 'protocol'], ['local-stack']);
    await manifest('services/route_server', ['bus']);
    await manifest('services/cli', ['msg_server', 'local-stack']);
    await manifest('tests/cluster', ['msg_server', 'local-stack']);
    await manifest('tests/e2e', ['cluster', 'cli']);
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  async function file(name, text) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }

  function manifest(folder, dependencies = [], devDependencies = []) {
    const versions = (names) => Object.fromEntries(names.map((name) => [`@teamtalk/${name}`, 'workspace:*']));
    const content = { dependencies: versions(dependencies), devDependencies: versions(devDependencies) };
    return file(`${folder}/package.json`, JSON.stringify(content, null, 2));
  }

  it('let everything import what is below it', async () => {
    await file('services/msg_server/src/a.ts', "import { Bus } from '@teamtalk/bus';\nimport './b.js';\n");
    await file('services/msg_server/src/a.test.ts', "import '@teamtalk/local-stack';\n");
    await file(
      'services/cli/src/a.ts',
      "await import('@teamtalk/msg_server');\nimport '@teamtalk/local-stack';\n",
    );
    await file('tests/cluster/src/a.ts', "export * from '@teamtalk/msg_server';\n");
    await file('tests/e2e/src/a.test.ts', "import '@teamtalk/cluster';\nimport '@teamtalk/cli';\n");
    await file('libs/bus/src/a.ts', "import { teamtalk } from '../gen/bus.js';\n");
    expect(await checkImports(root)).toEqual([]);
  });

  it('let a bundled page import what the service is not shipped with', async () => {
    await manifest('services/msg_server', ['bus'], ['client']);
    await file('services/msg_server/web/src/a.tsx', "import '@teamtalk/client';\n");
    expect(await checkImports(root)).toEqual([]);
    await file('services/msg_server/src/a.ts', "import '@teamtalk/client';\n");
    expect(await checkImports(root)).toEqual([
      'services/msg_server/src/a.ts:1: @teamtalk/client is imported, but not among the non-dev dependencies of services/msg_server/package.json',
    ]);
  });

  it('refuse an import of another service, with its place', async () => {
    await manifest('services/route_server', ['bus', 'msg_server']);
    await file(
      'services/route_server/src/a.ts',
      "// first line\nimport { x } from '@teamtalk/msg_server';\n",
    );
    expect(await checkImports(root)).toEqual([
      'services/route_server/package.json:4: the service route_server may not import another service, msg_server',
      'services/route_server/src/a.ts:2: the service route_server may not import another service, msg_server',
    ]);
  });

  it('refuse a lib that imports upward or a service', async () => {
    await file('libs/protocol/src/a.ts', "import type { Bus } from '@teamtalk/bus';\n");
    await file('libs/client/src/a.ts', "import {\n  x,\n} from '@teamtalk/service-kit';\n");
    await file('libs/bus/src/a.ts', "const x = await import('@teamtalk/msg_server');\n");
    expect(await checkImports(root)).toEqual([
      'libs/bus/src/a.ts:1: the lib bus may not import a service, msg_server',
      'libs/client/src/a.ts:3: the lib client may only import protocol, not service-kit',
      'libs/protocol/src/a.ts:1: the lib protocol may only import no other lib, not bus',
    ]);
  });

  it('refuse a relative path into another package', async () => {
    await file('services/msg_server/src/deep/a.ts', "export { x } from '../../../../libs/bus/src/bus.js';\n");
    await file('services/cli/src/a.ts', "import '../../msg_server/src/service.js';\n");
    expect(await checkImports(root)).toEqual([
      "services/cli/src/a.ts:1: '../../msg_server/src/service.js' leaves the package: import other packages by name",
      "services/msg_server/src/deep/a.ts:1: '../../../../libs/bus/src/bus.js' leaves the package: import other packages by name",
    ]);
  });

  it('refuse what is for development in a service, and tests/ below tests/', async () => {
    await manifest('services/route_server', ['bus'], ['cluster']);
    await file('services/msg_server/src/a.ts', "import '@teamtalk/local-stack';\n");
    await file('tests/cluster/src/a.ts', "import '@teamtalk/e2e';\n");
    expect(await checkImports(root)).toEqual([
      'services/msg_server/src/a.ts:1: local-stack is for development and tests, not for the service msg_server',
      'services/route_server/package.json:6: nothing outside of tests/ may import tests/cluster (services/route_server)',
      'tests/cluster/src/a.ts:1: tests/cluster may not import tests/e2e',
    ]);
  });

  it('refuse circles of files and of folders, but for those of tests', async () => {
    const src = 'services/msg_server/src';
    await file(`${src}/a/one.ts`, "import type { Two } from './two.js';\nimport '../b/three.js';\n");
    await file(`${src}/a/two.ts`, "export const two = () => import('./one.js');\n");
    await file(`${src}/b/three.ts`, "import '../c/four.js';\nimport '../context.js';\n");
    await file(`${src}/c/four.ts`, "import '../a/five.js';\n");
    await file(`${src}/a/five.ts`, '');
    await file(`${src}/context.ts`, "import '../src/b/three.js';\nimport './d/six.js';\n");
    await file(`${src}/d/six.ts`, "import './seven.js';\n");
    await file(`${src}/d/six.test.ts`, "import './seven.test.js';\n");
    await file(`${src}/d/seven.test.ts`, "import './six.test.js';\n");
    expect(await checkImports(root)).toEqual([
      `${src}/a/one.ts:1: imports itself by way of ${src}/a/two.ts`,
      `${src}/b/three.ts:1: imports itself by way of ${src}/context.ts`,
      `${src}/a:1: the folder imports itself by way of b, c`,
    ]);
  });

  it('refuse what is not declared or does not exist', async () => {
    await file(
      'services/route_server/src/a.ts',
      "import '@teamtalk/protocol';\nimport '@teamtalk/nothing';\n",
    );
    const [undeclared, missing] = await checkImports(root);
    expect(undeclared).toContain('a.ts:1: @teamtalk/protocol is imported, but not among');
    expect(missing).toContain('a.ts:2: there is no package @teamtalk/nothing');
  });

  it('want a place for every lib', async () => {
    await manifest('libs/new', ['protocol']);
    expect(await checkImports(root)).toEqual([
      'libs/new/package.json:3: the lib new has no place in the import rules yet (scripts/lib/import-rules.mjs)',
    ]);
  });

  it('do not take comments and texts for imports', () => {
    const text = [
      "/* import 'a'; */ // import 'b'",
      "const url = 'http://x'; import 'c';",
      'const t = `\nimport "d";\n`; require("e");',
    ].join('\n');
    expect(importsOf(text)).toEqual([
      { specifier: 'c', line: 2 },
      { specifier: 'e', line: 5 },
    ]);
  });
});
