export { addUser, type NewUser } from './accounts/add-user.js';
export { type Argon2Cost, defaultArgon2Cost, hashPassword } from './accounts/passwords/password.js';
export { type SeedOptions, type SeedResult, seedUsers } from './accounts/seed-users.js';
export {
  type AppSummary,
  addApp,
  appPermissions,
  listApps,
  type NewApp,
  revokeApp,
  usualPermissions,
} from './apps/apps.js';
export {
  auditEvents,
  type EventFilter,
  type KnownEvent,
  type RecordedEvent,
  type Verdict,
  verifyAudit,
} from './audit/audit-log.js';
export { type DbProxyServerConfig, envSchema, loadConfig } from './config.js';
export { type DataSourceSettings, openDataSource } from './database/data-source.js';
export type { Grants } from './database/grants.js';
export { readGrants } from './database/grants-env.js';
export {
  type MigrationState,
  migrateDown,
  migrateUp,
  migrationStatus,
  whyNothing,
} from './database/migrator.js';
export {
  findPushUser,
  type PushDecision,
  type PushDeviceSummary,
  pushDevicesOf,
  pushHistory,
} from './push/push-history.js';
export { startDbProxyServer } from './service.js';
export {
  addWebhook,
  deadLetters,
  listWebhooks,
  type NewWebhook,
  removeWebhook,
  retryDeadLetters,
} from './webhooks/webhooks.js';
