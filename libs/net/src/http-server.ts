import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Kit } from '@teamtalk/service-kit';
import { type CertificateFiles, openCertificate } from './certificate.js';
import { type TlsMetrics, tlsMetrics } from './metrics.js';
import type { TlsFiles } from './tls-config.js';

/** TLS of an HTTP server. */
export interface HttpTls {
  /** undefined: plain HTTP */
  certificate: CertificateFiles | undefined;
  metrics: Pick<TlsMetrics, 'handshakesFailed'>;
}

/**
 * Loads the certificate of a service that serves only HTTP; its files are polled until the service stops.
 * @throws Error when the files cannot be read or do not match
 */
export async function openHttpTls(files: TlsFiles | undefined, kit: Kit): Promise<HttpTls> {
  const metrics = tlsMetrics(kit.metrics);
  return { certificate: await openCertificate(files, kit, metrics), metrics };
}

/** Creates an HTTP server, with TLS if there is a certificate. A renewed certificate applies to new connections. */
export function createHttpServer(
  { certificate, metrics }: HttpTls,
  options: ServerOptions & { headersTimeout: number },
  serve: RequestListener,
): Server {
  if (!certificate) return createServer(options, serve);
  const tls = { ...certificate.current, handshakeTimeout: options.headersTimeout };
  const server = createTlsServer({ ...options, ...tls }, serve);
  certificate.onChange((renewed) => server.setSecureContext(renewed));
  // Node's own listener would treat a failed handshake as a malformed request and respond to it.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (_error, socket) => {
    metrics.handshakesFailed.inc();
    socket.destroy();
  });
  return server;
}
