import { defineConfig } from 'vitest/config';

/** Tests run from the sources: every package's exports have a "source" condition for that. */
const conditions = ['source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'libs/*/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'tests/*/src/**/*.test.ts',
      'scripts/**/*.test.mjs',
    ],
    globalSetup: ['tests/cluster/src/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
