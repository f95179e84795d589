import { databaseUrl } from './installation.js';

/** The functions of db_proxy_server, which alone knows the schema. Loaded when used, as it is large. */
type DbProxyServer = typeof import('@teamtalk/db_proxy_server');

/** What help says of every command that needs the database. */
export const databaseHelp =
  '\nThe database is the one of DATABASE_URL, or of the installation that runs here.';

export type DataSource = Awaited<ReturnType<DbProxyServer['openDataSource']>>;

/**
 * Opens the database that DATABASE_URL or the running installation names, for as long as `work` takes.
 *
 * @throws Failure when nothing names one; TeamTalkError `unavailable` when it does not answer
 */
export async function withDatabase<T>(
  work: (dataSource: DataSource, functions: DbProxyServer) => Promise<T>,
): Promise<T> {
  const url = databaseUrl(process.env);
  const functions = await import('@teamtalk/db_proxy_server');
  const dataSource = await functions.openDataSource(url, { applicationName: 'teamtalk cli' });
  try {
    return await work(dataSource, functions);
  } finally {
    await dataSource.destroy();
  }
}
