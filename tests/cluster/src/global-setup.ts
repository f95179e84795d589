import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { infrastructureVariable, LocalInfrastructure } from '@teamtalk/local-stack';

/**
 * vitest's global set-up: one PostgreSQL and one NATS a test run, started when a test file first asks for
 * them (`testDatabase`, `testNats`), so that a run without such files does not wait for them.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const { withUsers } = await import('./nats-users.js');
  const infrastructure = new LocalInfrastructure(async (url) => {
    const { migrate } = await import('./migrate.js');
    await migrate(url);
  }, withUsers);
  const answer = async (what: string): Promise<unknown> => {
    if (what === '/nats') return infrastructure.nats();
    if (what === '/migrated-database') return infrastructure.database();
    if (what === '/empty-database') return infrastructure.database({ migrated: false });
    if (what.startsWith('/drop/')) return infrastructure.drop(what.slice('/drop/'.length));
    throw new Error('no such request');
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '').then(
      (value) => response.end(JSON.stringify(value ?? {})),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env[infrastructureVariable] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async () => {
    server.closeAllConnections();
    server.close();
    await infrastructure.close();
  };
}
