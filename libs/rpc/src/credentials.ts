import { checkServerIdentity } from 'node:tls';
import { type ChannelCredentials, credentials, experimental, ServerCredentials } from '@grpc/grpc-js';
import type { RpcTls } from '@teamtalk/service-kit';

/** The files are looked at so often, milliseconds: certificates are replaced while services run. */
const usualRefreshMs = 10_000;

/** What a server of ours shows and demands: mutual TLS, or nothing. */
export function serverCredentials(tls: RpcTls | undefined, refreshMs = usualRefreshMs): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const files = watch(tls, refreshMs);
  return experimental.createCertificateProviderServerCredentials(files, files, true);
}

/** What a caller shows and demands. Servers are dialled by changing addresses, so their name is the one agreed. */
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
