export {
  type Api,
  type ApiReply,
  type ApiRequest,
  api,
  consoleHeader,
  type OperationId,
} from './api/index.js';
export { type AdminServerConfig, envSchema, loadConfig } from './config.js';
export { startAdminServer } from './service.js';
