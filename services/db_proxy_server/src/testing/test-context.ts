import { DEFAULT_TEXT_KEY } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import { type DbProxyServerConfig, loadConfig } from '../config.js';
import { type Context, createContext } from '../context.js';
import { Database } from '../database/database.js';

/** The cheapest argon2 parameters, for tests. */
export const cheapArgon2 = { memoryKib: 8, iterations: 1 };

export interface TestContext extends Context {
  close(): Promise<void>;
}

/** The handler context of one replica; several on one database act as several replicas. */
export async function createTestContext(
  url: string,
  overrides: Partial<DbProxyServerConfig> = {},
): Promise<TestContext> {
  const config = {
    ...loadConfig({ DATABASE_URL: url, TEXT_KEY: DEFAULT_TEXT_KEY }),
    argon2: cheapArgon2,
    ...overrides,
  };
  const kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 1_000 });
  const database = await Database.open({ url, poolSize: 4 }, kit);
  const context = await createContext(config, database, kit);
  return { ...context, close: () => database.close() };
}
