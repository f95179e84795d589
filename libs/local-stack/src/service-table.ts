/** A port of a service: the variable that sets it, and its default. */
export interface ServicePort {
  variable: string;
  fallback: number;
}

/** What whoever starts services has to know of each. */
export interface ServiceTraits {
  /** by the names the service reports */
  ports: Readonly<Record<string, ServicePort>>;
  /** 0: others depend on it and start after it */
  tier: 0 | 1;
  /** speaks over NATS */
  bus: boolean;
  /** is given DATABASE_URL */
  database: boolean;
  /** is given STORAGE_DIR: it keeps files */
  storage?: boolean;
}

const ops = (fallback: number): ServicePort => ({ variable: 'OPS_PORT', fallback });

/** Every service, in the order of starting. */
const services = {
  db_proxy_server: {
    ports: { grpc: { variable: 'GRPC_PORT', fallback: 10_600 }, ops: ops(20_600) },
    tier: 0,
    bus: true,
    database: true,
  },
  route_server: { ports: { ops: ops(18_200) }, tier: 0, bus: true, database: false },
  msg_server: {
    ports: {
      client: { variable: 'CLIENT_PORT', fallback: 8_000 },
      ws: { variable: 'WS_PORT', fallback: 9_090 },
      ops: ops(18_000),
    },
    tier: 1,
    bus: true,
    database: false,
  },
  login_server: {
    ports: {
      http: { variable: 'HTTP_PORT', fallback: 8_080 },
      tcp: { variable: 'TCP_PORT', fallback: 8_008 },
      ops: ops(18_080),
    },
    tier: 1,
    bus: true,
    database: false,
  },
  http_msg_server: {
    ports: { http: { variable: 'HTTP_PORT', fallback: 8_400 }, ops: ops(18_400) },
    tier: 1,
    bus: true,
    database: false,
  },
  push_server: { ports: { ops: ops(18_500) }, tier: 1, bus: true, database: false },
  file_server: {
    ports: {
      client: { variable: 'CLIENT_PORT', fallback: 8_600 },
      ws: { variable: 'WS_PORT', fallback: 9_600 },
      ops: ops(18_600),
    },
    tier: 1,
    bus: true,
    database: false,
    storage: true,
  },
  msfs: {
    ports: { http: { variable: 'HTTP_PORT', fallback: 8_700 }, ops: ops(18_700) },
    tier: 1,
    bus: true,
    database: false,
    storage: true,
  },
  web_server: {
    ports: { http: { variable: 'HTTP_PORT', fallback: 8_888 }, ops: ops(18_888) },
    tier: 1,
    bus: true,
    database: false,
  },
  admin_server: {
    ports: { http: { variable: 'HTTP_PORT', fallback: 8_900 }, ops: ops(18_900) },
    tier: 1,
    bus: true,
    database: false,
  },
} as const satisfies Record<string, ServiceTraits>;

export type ServiceName = keyof typeof services;

export const serviceNames = Object.keys(services) as ServiceName[];

export function isServiceName(name: string): name is ServiceName {
  return Object.hasOwn(services, name);
}

export function traitsOf(service: ServiceName): ServiceTraits {
  return services[service];
}
