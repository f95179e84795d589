// Accepting clients: ports with TLS and PROXY headers, certificates that are reloaded, and the graceful stop.
export type { AcceptHandler } from './accept-handler.js';
export { AddressLimit, type AddressLimits, addressLimitEnv, addressLimits } from './address-limit.js';
export { type CertificateFiles, openCertificate } from './certificate.js';
export { ClientPort, type ClientPortLayers } from './client-port.js';
export { closeSources } from './close-sources.js';
export { clientAddress, trustedProxiesEnv } from './http-addresses.js';
export { type HttpListenerOptions, startHttpListener } from './http-listener.js';
export { type ListenerMetrics, listenerMetrics } from './metrics.js';
export { Networks } from './networks.js';
export { OpenConnections } from './open-connections.js';
export { Origins, preflightHeaders } from './origins.js';
export { pageFileOptions } from './page-files.js';
export { plainAddress } from './plain-address.js';
export { type ProxyProtocol, proxyProtocol, proxyProtocolEnv } from './proxy-protocol.js';
export { strictTransport, strictTransportEnv } from './strict-transport.js';
export { sweepIntervalMs } from './sweep-interval.js';
export { type TlsFiles, tlsEnv, tlsFiles } from './tls-config.js';
export {
  type PortProxies,
  type PortTls,
  portProxies,
  portTls,
  type WebSocketConfig,
  webSocketConfig,
  webSocketEnv,
} from './web-socket-config.js';
export { WebSocketLayer } from './web-socket-layer.js';
export { type Convert, readIntoShared, readZeroCopy, type Take } from './zero-copy.js';
