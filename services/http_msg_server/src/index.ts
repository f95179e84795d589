export { envSchema, type HttpMsgServerConfig, loadConfig } from './config.js';
export { endpoints } from './legacy/endpoints.js';
export { startHttpMsgServer } from './service.js';
