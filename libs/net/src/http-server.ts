import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Kit } from '@teamtalk/service-kit';
import { type CertificateFiles, openCertificate } from './certificate.js';
import { type TlsMetrics, tlsMetrics } from './metrics.js';
import type { TlsFiles } from './tls-config.js';

/** How an HTTP server speaks TLS. */
export interface HttpTls {
  /** undefined: it does not */
  certificate: CertificateFiles | undefined;
  metrics: Pick<TlsMetrics, 'handshakesFailed'>;
}

/**
 * Loads the certificate of a service whose clients come by HTTP only; its files are polled until the service stops.
 * @throws Error when the files cannot be read or do not match
 */
export async function openHttpTls(files: TlsFiles | undefined, kit: Kit): Promise<HttpTls> {
  const metrics = tlsMetrics(kit.metrics);
  return { certificate: await openCertificate(files, kit, metrics), metrics };
}

/** An HTTP server, with TLS where there is a certificate. New connections get a renewed one. */
export function createHttpServer(
  { certificate, metrics }: HttpTls,
  options: ServerOptions & { headersTimeout: number },
  serve: RequestListener,
): Server {
  if (!certificate) return createServer(options, serve);
  const tls = { ...certificate.current, handshakeTimeout: options.headersTimeout };
  const server = createTlsServer({ ...options, ...tls }, serve);
  certificate.onChange((renewed) => server.setSecureContext(renewed));
  // Otherwise it would be a request that is not understood, and be answered.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_error, socket) => {
    metrics.handshakesFailed.inc();
    socket.destroy();
  });
  return server;
}
