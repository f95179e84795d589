export { envSchema, loadConfig, type WebServerConfig } from './config.js';
export { startWebServer } from './service.js';
