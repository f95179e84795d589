import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Tests run from the sources: every package's exports have a "source" condition for that. */
const conditions = ['source', 'node'];

const everything = [
  'libs/*/src/**/*.test.ts',
  'services/*/{src,web/src}/**/*.test.ts',
  'tests/*/src/**/*.test.ts',
  'scripts/**/*.test.mjs',
];

/** Files that need the machine for themselves: long ones under load, and those that state how fast something is. */
const alone = [
  '{libs,services,tests}/*/src/**/*.full.test.ts',
  'services/db_proxy_server/src/groups/{change-members,create-group}.test.ts',
  'services/msfs/src/images/thumbnails.test.ts',
  'services/msg_server/src/presence/presence-publisher.test.ts',
  'services/http_msg_server/src/legacy/deadline.test.ts',
  'tests/e2e/src/http-api-table.test.ts',
  'tests/e2e/src/one-cluster/one-cluster.test.ts',
];

function project(name: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      pool: 'forks',
      // Node loads what is generated as it is: it need not be transformed, and passed to every file's process.
      server: { deps: { external: [/\/gen\/[\w-]+\.js$/] } },
      testTimeout: 30_000,
      hookTimeout: 60_000,
      // Of conditions that hold in milliseconds, unless the machine is busy.
      expect: { poll: { timeout: 15_000 } },
      ...test,
    },
  };
}

export default defineConfig({
  test: {
    globalSetup: ['tests/cluster/src/global-setup.ts'],
    teardownTimeout: 30_000,
    projects: [
      project('beside others', {
        include: everything,
        exclude: [...configDefaults.exclude, ...alone],
        // Tests wait more than they compute.
        maxWorkers: availableParallelism() + 1,
        sequence: { groupOrder: 0 },
      }),
      project('alone', { include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } }),
    ],
  },
});
