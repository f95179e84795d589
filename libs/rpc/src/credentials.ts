import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, credentials, experimental, ServerCredentials } from '@grpc/grpc-js';
import type { RpcTls } from '@teamtalk/service-kit';

/** How often certificate files are checked for changes, milliseconds. */
const usualRefreshMs = 10_000;

/** Server credentials: mutual TLS, or none. */
export function serverCredentials(tls: RpcTls | undefined, refreshMs = usualRefreshMs): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const files = watch(tls, refreshMs);
  return experimental.createCertificateProviderServerCredentials(files, files, true);
}

/** Client credentials. Servers are dialled by changing IP addresses, so the expected name is configured. */
export function channelCredentials(tls: RpcTls | undefined, refreshMs = usualRefreshMs): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const files = watch(tls, refreshMs);
  return experimental.createCertificateProviderChannelCredentials(files, files, {
    checkServerIdentity: (_host, certificate) => checkServerIdentity(tls.serverName, certificate),
  });
}

function watch({ caFile, certFile, keyFile }: RpcTls, refreshMs: number): experimental.CertificateProvider {
  return new experimental.FileWatcherCertificateProvider({
    caCertificateFile: caFile,
    certificateFile: certFile,
    privateKeyFile: keyFile,
    refreshIntervalMs: refreshMs,
  });
}
