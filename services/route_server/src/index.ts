export { envSchema, loadConfig, type RouteServerConfig } from './config.js';
export { startRouteServer } from './service.js';
