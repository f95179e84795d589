import { hostname } from 'node:os';
import { Announcer, Bus } from '@teamtalk/bus';
import { accounts, messages, RpcServer } from '@teamtalk/rpc';
import {
  formatInstance,
  type Kit,
  type Service,
  type StartOptions,
  startService,
} from '@teamtalk/service-kit';
import type { DbProxyServerConfig } from './config.js';
import { type Context, createContext } from './context.js';
import { Database } from './database/database.js';
import { requireSchema } from './database/migrator.js';
import { appendMessages } from './handlers/append-messages.js';
import { getHistory } from './handlers/get-history.js';
import { getLatestMessageId } from './handlers/get-latest-message-id.js';
import { getMessages } from './handlers/get-messages.js';
import { getRecentSessions } from './handlers/get-recent-sessions.js';
import { getStoredRange } from './handlers/get-stored-range.js';
import { getUnread } from './handlers/get-unread.js';
import { getUsers } from './handlers/get-users.js';
import { listUsers } from './handlers/list-users.js';
import { login } from './handlers/login.js';
import { markRead } from './handlers/mark-read.js';
import { type MessageStore, startMessageStore } from './message-store.js';
import { startFailurePurge } from './passwords/failure-purge.js';

/**
 * Starts a db_proxy_server: the only service that touches PostgreSQL. Ports: `grpc`, `ops`.
 * @throws TeamTalkError `unavailable` when PostgreSQL or NATS does not answer, or the database's schema is
 * not ours yet
 */
export function startDbProxyServer(
  config: DbProxyServerConfig,
  options: StartOptions = {},
): Promise<Service> {
  return startService('db_proxy_server', config, options, start);
}

async function start(config: DbProxyServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { health, instance, life, log, metrics, service } = kit;
  const name = `${service} ${formatInstance(instance)}`;

  const database = await Database.open(config.database, kit);
  life.onStop('PostgreSQL', () => database.close());
  health.addCheck('postgres', () => database.up);
  await requireSchema(database.dataSource);

  const bus = await Bus.connect({ ...config.nats, name, log, metrics });
  life.onStop('NATS', () => bus.drain());
  health.addCheck('nats', () => bus.connected);

  const context = await createContext(config, database, kit);
  life.onStop('purge of login failures', startFailurePurge(context.logins, kit));
  const store = await startMessageStore(config, bus, kit);

  const server = new RpcServer(kit);
  serve(server, context, store);
  const grpc = await server.listen(config.grpc);

  const rpcAddress = config.advertiseAddress ?? `127.0.0.1:${grpc}`;
  const announcer = new Announcer(bus, { instance, service, hostname: hostname() }, () => ({
    rpcAddress,
    draining: health.draining || !database.up,
  }));
  life.onStop('announcements', () => announcer.stop());
  return { grpc };
}

function serve(server: RpcServer, context: Context, { writer, readMarks }: MessageStore): void {
  server.unary(accounts.login, login(context));
  server.unary(accounts.listUsers, listUsers(context));
  server.unary(accounts.getUsers, getUsers(context));
  server.stream(messages.append, appendMessages(writer));
  server.stream(messages.markRead, markRead(readMarks));
  server.unary(messages.getHistory, getHistory(context));
  server.unary(messages.getMessages, getMessages(context));
  server.unary(messages.getLatestMessageId, getLatestMessageId(context));
  server.unary(messages.getUnread, getUnread(context));
  server.unary(messages.getRecentSessions, getRecentSessions(context));
  server.unary(messages.getStoredRange, getStoredRange(context));
}
