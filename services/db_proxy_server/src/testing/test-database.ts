import { type TestDatabase as RawDatabase, testDatabase } from '@teamtalk/local-stack';
import type { DataSource } from 'typeorm';
import { openDataSource } from '../database/data-source.js';

export interface TestDatabase extends RawDatabase {
  readonly dataSource: DataSource;
}

/** A database for one test file, with an open DataSource; `drop` ends both. */
export async function createTestDatabase({ migrate = true } = {}): Promise<TestDatabase> {
  const raw = await testDatabase({ migrated: migrate });
  const dataSource = await openDataSource(raw.url, { poolSize: 8 });
  return {
    ...raw,
    dataSource,
    async drop() {
      await dataSource.destroy();
      await raw.drop();
    },
  };
}
