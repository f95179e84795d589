export { canaryPrefix } from './accounts.js';
export { type CanaryConfig, envSchema, loadConfig } from './config.js';
export { startCanary } from './service.js';
