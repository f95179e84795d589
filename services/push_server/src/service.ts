import { joinCluster } from '@teamtalk/bus';
import { createTextCodec } from '@teamtalk/protocol';
import { connectStore } from '@teamtalk/rpc';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { PushServerConfig } from './config.js';
import { pcPresence } from './pc-presence.js';
import { startProviders } from './provider-config.js';
import { PushSender } from './push-sender.js';

/** Starts a push_server, which brings messages to phones. Without credentials of a provider it does nothing. Port: `ops`. */
export function startPushServer(config: PushServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('push_server', config, options, start);
}

async function start(config: PushServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { life, log } = kit;
  const cluster = await joinCluster(kit, config.nats);
  const { pool } = connectStore(kit, cluster, config.rpcTls);
  const providers = startProviders(config.providers);
  for (const provider of providers) life.onStop(provider.name, () => provider.stop());
  const sender = new PushSender({
    kit,
    pool,
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    isOnPc: pcPresence(cluster.bus, kit),
    codec: createTextCodec(config.textKey),
    config,
  });
  life.onStop('pushes', () => sender.stop());
  if (providers.length === 0) log.info('no push provider configured; idle');
  cluster.register(() => ({}));
  return {};
}
