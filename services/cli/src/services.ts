import type { EnvSchema } from '@teamtalk/service-kit';

/** What a service says about its configuration. */
export interface ServiceConfiguration {
  envSchema: EnvSchema;
  /** @throws ConfigError naming every variable that is wrong */
  loadConfig(env: NodeJS.ProcessEnv): unknown;
}

/** Every service, by name; loaded when it is asked for. */
export const serviceConfigurations: Readonly<Record<string, () => Promise<ServiceConfiguration>>> = {
  login_server: () => import('@teamtalk/login_server'),
  msg_server: () => import('@teamtalk/msg_server'),
  route_server: () => import('@teamtalk/route_server'),
  db_proxy_server: () => import('@teamtalk/db_proxy_server'),
  http_msg_server: () => import('@teamtalk/http_msg_server'),
  push_server: () => import('@teamtalk/push_server'),
  file_server: () => import('@teamtalk/file_server'),
  msfs: () => import('@teamtalk/msfs'),
  web_server: () => import('@teamtalk/web_server'),
  admin_server: () => import('@teamtalk/admin_server'),
};
