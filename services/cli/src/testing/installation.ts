import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig as dbProxyConfig, startDbProxyServer } from '@teamtalk/db_proxy_server';
import { loadConfig as fileConfig, startFileServer } from '@teamtalk/file_server';
import { loadConfig as loginConfig, startLoginServer } from '@teamtalk/login_server';
import { loadConfig as msgConfig, startMsgServer } from '@teamtalk/msg_server';
import { loadConfig as routeConfig, startRouteServer } from '@teamtalk/route_server';
import type { Service } from '@teamtalk/service-kit';
import { type TestDatabase, testDatabase, testNats, waitUntil } from '@teamtalk/testkit/infrastructure';

/** One of each service the commands talk to, in this process. */
export interface TestInstallation {
  databaseUrl: string;
  /** base URL */
  loginServer: string;
  /** host:port */
  msgServer: string;
  /** what msg_server counts, as Prometheus reads it */
  msgServerMetrics(): Promise<string>;
  stop(): Promise<void>;
}

export async function startInstallation(): Promise<TestInstallation> {
  const database: TestDatabase = await testDatabase();
  const nats = await testNats();
  const env = {
    NATS_URL: nats.url,
    NATS_PREFIX: nats.prefix,
    DATABASE_URL: database.url,
    LOG_LEVEL: 'error',
    OPS_PORT: '0',
    GRPC_PORT: '0',
    CLIENT_PORT: '0',
    WS_PORT: '0',
    HTTP_PORT: '0',
    TCP_PORT: '0',
    DRAIN_SPREAD_MS: '0',
    ARGON2_MEMORY_KIB: '1024',
  };
  const storageFolder = await mkdtemp(path.join(tmpdir(), 'teamtalk-files-'));
  const services: Service[] = [];
  const stop = async () => {
    for (let service = services.pop(); service; service = services.pop()) await service.stop();
    await database.drop();
    await rm(storageFolder, { recursive: true });
  };
  try {
    services.push(await startDbProxyServer(dbProxyConfig(env)));
    services.push(await startRouteServer(routeConfig(env)));
    const msgServer = await startMsgServer(msgConfig(env));
    services.push(msgServer);
    services.push(await startFileServer(fileConfig({ ...env, STORAGE_DIR: storageFolder })));
    const login = await startLoginServer(loginConfig(env));
    services.push(login);
    const loginServer = `http://127.0.0.1:${login.ports.http}`;
    await waitUntil(
      async () => ((await (await fetch(`${loginServer}/msg_server`)).json()) as { code: number }).code === 0,
      { what: 'the login_server knowing a msg_server' },
    );
    return {
      databaseUrl: database.url,
      loginServer,
      msgServer: `127.0.0.1:${msgServer.ports.client}`,
      msgServerMetrics: () => msgServer.metrics.registry.metrics(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
