export { appPermissions, usualPermissions } from '@teamtalk/rpc/app-permissions';
export { addUser, type NewUser } from './accounts/add-user.js';
export { UserImports } from './accounts/imports/user-imports.js';
export { type Argon2Cost, defaultArgon2Cost, hashPassword } from './accounts/passwords/password.js';
export { type SeedOptions, type SeedResult, seedUsers } from './accounts/seed-users.js';
export { type Actor, operator } from './actor.js';
export {
  type AppSummary,
  addApp,
  listApps,
  type NewApp,
  revokeApp,
} from './apps/apps.js';
export {
  auditEvents,
  type EventFilter,
  type KnownEvent,
  type RecordedEvent,
  type Verdict,
  verifyAudit,
} from './audit/audit-log.js';
export { openAudit } from './audit/record-event.js';
export { type Bot, Bots } from './bots/bots.js';
export { type Hook, Hooks } from './bots/hooks.js';
export { type DbProxyServerConfig, envSchema, loadConfig } from './config.js';
export { ConsoleAccounts, type SetupToken } from './console/accounts.js';
export { inviteFirstOwner, inviteToConsole } from './console/invite.js';
export { type DataSourceSettings, openDataSource } from './database/data-source.js';
export { databaseOf, queryOn } from './database/database.js';
export type { Grants } from './database/grants.js';
export { readGrants } from './database/grants-env.js';
export {
  type MigrationState,
  migrateDown,
  migrateUp,
  migrationStatus,
  whyNothing,
} from './database/migrator.js';
export { Erasures } from './lifecycle/erasures.js';
export { type ExportedMessage, exportedMessages } from './lifecycle/exported-messages.js';
export { LegalHolds } from './lifecycle/legal-holds.js';
export { MessageExports } from './lifecycle/message-exports.js';
export { RetentionRules } from './lifecycle/retention-rules.js';
export {
  listPushCredentials,
  type PushCredentialSummary,
  removePushCredential,
  rotatePushCredentials,
  setPushCredential,
} from './push/push-credentials.js';
export {
  findPushUser,
  type PushDecision,
  type PushDeviceSummary,
  pushDevicesOf,
  pushHistory,
} from './push/push-history.js';
export { startDbProxyServer } from './service.js';
export { deadLetters, maxLetters, retryDeadLetters } from './webhooks/dead-letters.js';
export { addWebhook, listWebhooks, type NewWebhook, removeWebhook } from './webhooks/webhooks.js';
