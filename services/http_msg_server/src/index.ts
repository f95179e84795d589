export { envSchema, type HttpMsgServerConfig, loadConfig } from './config.js';
export { startHttpMsgServer } from './service.js';
