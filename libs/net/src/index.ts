// Accepting clients: ports, TLS with reloaded certificates, PROXY headers.
export { CertificateFiles, openCertificate } from './certificate.js';
export { ClientPort } from './client-port.js';
export type { AcceptHandler } from './entrance.js';
export { type EntranceMetrics, entranceMetrics, type ProxyRefusal } from './metrics.js';
export { plainAddress } from './plain-address.js';
export { ProxyEntrance } from './proxy-entrance.js';
export {
  type ProxyHeader,
  ProxyHeaderError,
  ProxyHeaderParser,
} from './proxy-header.js';
export { type TlsFiles, tlsEnv, tlsFiles } from './tls-config.js';
export { TlsEntrance } from './tls-entrance.js';
export { type Convert, readIntoShared, readZeroCopy, type Take } from './zero-copy.js';
