import { joinCluster } from '@teamtalk/bus';
import { createTextCodec } from '@teamtalk/protocol';
import { connectStore } from '@teamtalk/rpc';
import { type Kit, type Service, type StartOptions, startService } from '@teamtalk/service-kit';
import type { PushServerConfig } from './config.js';
import { answerConsole } from './console-requests.js';
import { pcPresence } from './pc-presence.js';
import { phoneReceipts } from './phone-receipts.js';
import { ProviderSet } from './provider-set.js';
import { PushSender } from './push-sender.js';
import { startPushListener } from './push-service/listener.js';
import { PushService } from './push-service/push-service.js';

/**
 * Starts a push_server, which sends push notifications to phones. Without credentials of a provider it does nothing. Ports:
 * `ops`, and `http` if the built-in push service is on.
 */
export function startPushServer(config: PushServerConfig, options: StartOptions = {}): Promise<Service> {
  return startService('push_server', config, options, start);
}

async function start(config: PushServerConfig, kit: Kit): Promise<Record<string, number>> {
  const { life, log } = kit;
  const cluster = await joinCluster(kit, config.nats, { relaxed: true });
  const { pool } = connectStore(kit, cluster, config.rpcTls);
  const { providers: variables, credentialKeys, pushService } = config;
  const ownService = pushService && new PushService({ kit, pool, bus: cluster.bus, url: pushService.url });
  const providers = new ProviderSet({ kit, pool, variables, credentialKeys, ownService });
  life.onStop('providers', () => providers.stop());
  const { androidProvider } = config;
  answerConsole(cluster.bus, { providers, androidProvider, credentialKeys });
  const sender = new PushSender({
    kit,
    pool,
    providers,
    isOnPc: pcPresence(cluster.bus, kit),
    acknowledged: phoneReceipts(cluster.bus, kit),
    codec: createTextCodec(config.textKey),
    config,
  });
  life.onStop('pushes', () => sender.stop());
  if (providers.size === 0 && !providers.mayChange) log.info('no push provider configured; idle');
  if (!pushService || !ownService) {
    cluster.register(() => ({}));
    return {};
  }
  const http = await startPushListener(kit, pushService, ownService);
  cluster.register(() => ({ port: http }));
  return { http };
}
