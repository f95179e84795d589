export { envSchema, loadConfig, type MsgServerConfig } from './config.js';
export { startMsgServer } from './service.js';
