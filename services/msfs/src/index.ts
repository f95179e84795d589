export { envSchema, loadConfig, type MsfsConfig } from './config.js';
export { startMsfs } from './service.js';
