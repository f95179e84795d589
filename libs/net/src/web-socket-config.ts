import { type EnvValues, env } from '@teamtalk/service-kit';
import { Networks } from './networks.js';
import { Origins } from './origins.js';
import { type ProxyProtocol, proxyProtocol, type proxyProtocolEnv } from './proxy-protocol.js';
import { type TlsFiles, type tlsEnv, tlsFiles } from './tls-config.js';

/** Variables of a server with a port for plain PDUs, CLIENT_PORT, and one for WebSocket. */
export function webSocketEnv(port: number) {
  return {
    WS_ENABLED: env.boolean(true, 'Whether clients may connect by WebSocket (web pages)'),
    WS_PORT: env.port(port, 'Port for clients that connect by WebSocket, at CLIENT_HOST'),
    WS_ORIGINS: env.optionalString(
      'Origins of the web pages that may connect, such as https://chat.example.com, separated by commas; unset or *: any',
    ),
    TLS_PORTS: env.choice(
      ['all', 'client', 'ws'],
      'all',
      'Which ports use TLS if there is a certificate: both, CLIENT_PORT only, or WS_PORT only',
    ),
    PROXY_PORTS: env.choice(
      ['all', 'client', 'ws'],
      'all',
      'Which ports PROXY_PROTOCOL applies to: both, CLIENT_PORT only (for instance because WS_PORT is behind an Ingress), or WS_PORT only',
    ),
  };
}

type Values = EnvValues<ReturnType<typeof webSocketEnv>>;

export interface WebSocketConfig {
  port: number;
  /** whose web pages may connect */
  origins: Origins;
}

/** @returns undefined: WebSocket is off. @throws ConfigError when an origin is invalid */
export function webSocketConfig(values: Values): WebSocketConfig | undefined {
  if (!values.WS_ENABLED) return undefined;
  return { port: values.WS_PORT, origins: Origins.parse('WS_ORIGINS', values.WS_ORIGINS, 'any') };
}

/** A certificate and the ports that use it. */
export type PortTls = TlsFiles & { client: boolean; webSocket: boolean };

/** @returns undefined: no TLS. @throws ConfigError as `tlsFiles` */
export function portTls(values: Values & EnvValues<typeof tlsEnv>): PortTls | undefined {
  const files = tlsFiles(values);
  const ports = values.TLS_PORTS;
  return files && { ...files, client: ports !== 'ws', webSocket: ports !== 'client' };
}

/** How each port learns a client's address from the load balancer or proxy in front of it. */
export interface PortProxies {
  /** undefined: connections do not begin with a PROXY header */
  client: ProxyProtocol | undefined;
  webSocket: ProxyProtocol | undefined;
  /** proxies whose X-Forwarded-For is trusted for WebSockets */
  forwarders: Networks;
}

/** @throws ConfigError as `proxyProtocol` */
export function portProxies(values: Values & EnvValues<typeof proxyProtocolEnv>): PortProxies {
  const protocol = proxyProtocol(values);
  const ports = values.PROXY_PORTS;
  return {
    client: ports === 'ws' ? undefined : protocol,
    webSocket: ports === 'client' ? undefined : protocol,
    forwarders: Networks.parse('TRUSTED_PROXIES', values.TRUSTED_PROXIES),
  };
}
