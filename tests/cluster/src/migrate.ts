import { migrateUp, openDataSource } from '@teamtalk/db_proxy_server';

/** Brings a database to the newest schema. */
export async function migrate(databaseUrl: string): Promise<void> {
  const source = await openDataSource(databaseUrl);
  try {
    await migrateUp(source);
  } finally {
    await source.destroy();
  }
}
