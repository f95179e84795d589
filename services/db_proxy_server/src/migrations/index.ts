import { Accounts1764000000000 } from './1764000000000-accounts.js';
import { Messages1764000000001 } from './1764000000001-messages.js';
import { SettingsAndFiles1764000000002 } from './1764000000002-settings-and-files.js';
import { SendersWhoLeft1764000000003 } from './1764000000003-senders-who-left.js';
import { LoginPlaces1764000000004 } from './1764000000004-login-places.js';
import { RetriedMessages1764000000005 } from './1764000000005-retried-messages.js';
import { HttpApi1764000000010 } from './1764000000010-http-api.js';
import { Discovery1764000000011 } from './1764000000011-discovery.js';
import { FileTasks1764000000030 } from './1764000000030-file-tasks.js';
import { Webhooks1764000000110 } from './1764000000110-webhooks.js';
import { OpenMessages1764000000120 } from './1764000000120-open-messages.js';
import { OutboxStorage1764000000140 } from './1764000000140-outbox-storage.js';
import { ListChanges1764000000150 } from './1764000000150-list-changes.js';
import { RetryHorizons1764000000160 } from './1764000000160-retry-horizons.js';
import { WebhookShares1764000000165 } from './1764000000165-webhook-shares.js';
import { StoreEpoch1764000000170 } from './1764000000170-store-epoch.js';
import { FileAnnouncements1764000000171 } from './1764000000171-file-announcements.js';
import { ReadsDuringWrites1764000000180 } from './1764000000180-reads-during-writes.js';
import { LoginProofs1764000000185 } from './1764000000185-login-proofs.js';
import { AppRights1764000000190 } from './1764000000190-app-rights.js';
import { AuditEvents1764000000191 } from './1764000000191-audit-events.js';
import { ImportedAccounts1764000000210 } from './1764000000210-imported-accounts.js';
import { OneHorizonASearch1764000000211 } from './1764000000211-one-horizon-a-search.js';
import { PushDevices1764000000220 } from './1764000000220-push-devices.js';
import { PushJobs1764000000221 } from './1764000000221-push-jobs.js';
import { PushTokens1764000000222 } from './1764000000222-push-tokens.js';
import { PushCredentials1764000000223 } from './1764000000223-push-credentials.js';
import { ConsoleAccounts1764000000230 } from './1764000000230-console-accounts.js';
import { BotsAndHooks1764000000240 } from './1764000000240-bots-and-hooks.js';
import { Retention1764000000250 } from './1764000000250-retention.js';
import { Erasures1764000000251 } from './1764000000251-erasures.js';
import { MessageExports1764000000252 } from './1764000000252-message-exports.js';
import { ConsoleSecondFactors1764000000255 } from './1764000000255-console-second-factors.js';
import { ConsoleSignOn1764000000256 } from './1764000000256-console-sign-on.js';
import { UserSearch1764000000260 } from './1764000000260-user-search.js';
import { LeftGroups1764000000261 } from './1764000000261-left-groups.js';
import { UserImports1764000000262 } from './1764000000262-user-imports.js';
import { HeldPushes1764000000265 } from './1764000000265-held-pushes.js';
import { PushMailboxes1764000000266 } from './1764000000266-push-mailboxes.js';
import { ConsoleNetworks1764000000280 } from './1764000000280-console-networks.js';
import { ImportProgress1764000000285 } from './1764000000285-import-progress.js';
import { BroadcastOrders1764000000290 } from './1764000000290-broadcast-orders.js';
import { UserSearchTerms1764000000293 } from './1764000000293-user-search-terms.js';
import { SilentPushes1764000000295 } from './1764000000295-silent-pushes.js';
import { TriedPushes1764000000296 } from './1764000000296-tried-pushes.js';
import { ClientBuilds1764000000300 } from './1764000000300-client-builds.js';
import { BulkChanges1764000000303 } from './1764000000303-bulk-changes.js';
import { SavedViews1764000000304 } from './1764000000304-saved-views.js';
import { GroupModeration1764000000306 } from './1764000000306-group-moderation.js';
import { AppKeys1764000000309 } from './1764000000309-app-keys.js';
import { WebhookStates1764000000310 } from './1764000000310-webhook-states.js';
import { ClaimedMarks1764000000311 } from './1764000000311-claimed-marks.js';
import { MentionsAndBadges1764000000312 } from './1764000000312-mentions-and-badges.js';

/** All migrations, oldest first. A released migration never changes. */
export const migrations = [
  Accounts1764000000000,
  Messages1764000000001,
  SettingsAndFiles1764000000002,
  SendersWhoLeft1764000000003,
  LoginPlaces1764000000004,
  RetriedMessages1764000000005,
  HttpApi1764000000010,
  Discovery1764000000011,
  FileTasks1764000000030,
  Webhooks1764000000110,
  OpenMessages1764000000120,
  OutboxStorage1764000000140,
  ListChanges1764000000150,
  RetryHorizons1764000000160,
  WebhookShares1764000000165,
  StoreEpoch1764000000170,
  FileAnnouncements1764000000171,
  ReadsDuringWrites1764000000180,
  LoginProofs1764000000185,
  AppRights1764000000190,
  AuditEvents1764000000191,
  ImportedAccounts1764000000210,
  OneHorizonASearch1764000000211,
  PushDevices1764000000220,
  PushJobs1764000000221,
  PushTokens1764000000222,
  PushCredentials1764000000223,
  ConsoleAccounts1764000000230,
  BotsAndHooks1764000000240,
  Retention1764000000250,
  Erasures1764000000251,
  MessageExports1764000000252,
  ConsoleSecondFactors1764000000255,
  ConsoleSignOn1764000000256,
  UserSearch1764000000260,
  LeftGroups1764000000261,
  UserImports1764000000262,
  HeldPushes1764000000265,
  PushMailboxes1764000000266,
  ConsoleNetworks1764000000280,
  ImportProgress1764000000285,
  BroadcastOrders1764000000290,
  UserSearchTerms1764000000293,
  SilentPushes1764000000295,
  TriedPushes1764000000296,
  ClientBuilds1764000000300,
  BulkChanges1764000000303,
  SavedViews1764000000304,
  GroupModeration1764000000306,
  AppKeys1764000000309,
  WebhookStates1764000000310,
  ClaimedMarks1764000000311,
  MentionsAndBadges1764000000312,
];
