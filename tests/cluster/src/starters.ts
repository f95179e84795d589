import type { ServiceName } from '@teamtalk/local-stack';
import type { Service, StartOptions } from '@teamtalk/service-kit';

type Starter = (env: NodeJS.ProcessEnv, options: StartOptions) => Promise<Service>;

/**
 * How each service is started inside this process. A service is only loaded when it is used: all of them
 * together take a second.
 */
export const starters: Readonly<Record<ServiceName, () => Promise<Starter>>> = {
  db_proxy_server: async () => {
    const { loadConfig, startDbProxyServer } = await import('@teamtalk/db_proxy_server');
    return (env, options) => startDbProxyServer(loadConfig(env), options);
  },
  route_server: async () => {
    const { loadConfig, startRouteServer } = await import('@teamtalk/route_server');
    return (env, options) => startRouteServer(loadConfig(env), options);
  },
  msg_server: async () => {
    const { loadConfig, startMsgServer } = await import('@teamtalk/msg_server');
    return (env, options) => startMsgServer(loadConfig(env), options);
  },
  login_server: async () => {
    const { loadConfig, startLoginServer } = await import('@teamtalk/login_server');
    return (env, options) => startLoginServer(loadConfig(env), options);
  },
  http_msg_server: async () => {
    const { loadConfig, startHttpMsgServer } = await import('@teamtalk/http_msg_server');
    return (env, options) => startHttpMsgServer(loadConfig(env), options);
  },
  push_server: async () => {
    const { loadConfig, startPushServer } = await import('@teamtalk/push_server');
    return (env, options) => startPushServer(loadConfig(env), options);
  },
  file_server: async () => {
    const { loadConfig, startFileServer } = await import('@teamtalk/file_server');
    return (env, options) => startFileServer(loadConfig(env), options);
  },
  msfs: async () => {
    const { loadConfig, startMsfs } = await import('@teamtalk/msfs');
    return (env, options) => startMsfs(loadConfig(env), options);
  },
  web_server: async () => {
    const { loadConfig, startWebServer } = await import('@teamtalk/web_server');
    return (env, options) => startWebServer(loadConfig(env), options);
  },
  admin_server: async () => {
    const { loadConfig, startAdminServer } = await import('@teamtalk/admin_server');
    return (env, options) => startAdminServer(loadConfig(env), options);
  },
};
