export { envSchema, type FileServerConfig, loadConfig } from './config.js';
export { startFileServer } from './service.js';
