import { createTextCodec } from '@teamtalk/protocol';
import { type Kit, SecretKeys } from '@teamtalk/service-kit';
import { ClientBuilds } from './accounts/client-builds.js';
import { DepartmentAdministration } from './accounts/department-administration.js';
import { DepartmentMerges } from './accounts/department-merges.js';
import { Departments } from './accounts/departments.js';
import { HashUpgrades } from './accounts/hash-upgrades.js';
import { UserImports } from './accounts/imports/user-imports.js';
import { type LoginLimit, Logins } from './accounts/logins.js';
import { LoginProofs } from './accounts/passwords/login-proofs.js';
import { PasswordChecker } from './accounts/passwords/password-checker.js';
import { ProofKey } from './accounts/passwords/proof-key.js';
import { SourceNetworks } from './accounts/source-networks.js';
import { UserAdministration } from './accounts/user-administration.js';
import { UserSettings } from './accounts/user-settings.js';
import { Users } from './accounts/users.js';
import { ApiAnswers } from './apps/api-answers.js';
import { Apps } from './apps/app-rows.js';
import { Bots } from './bots/bots.js';
import { Hooks } from './bots/hooks.js';
import { BroadcastOrders } from './broadcasts/broadcast-orders.js';
import { Broadcasts } from './broadcasts/broadcasts.js';
import type { DbProxyServerConfig } from './config.js';
import { ConsoleAccounts } from './console/accounts.js';
import { ConsoleAttempts } from './console/attempts.js';
import { DepartmentScope } from './console/department-scope.js';
import { InstallationReports } from './console/installation.js';
import { ConsoleLogins } from './console/log-in.js';
import { LoginFailures } from './console/login-failures.js';
import { OwnSecondFactor } from './console/own-second-factor.js';
import { ConsoleReports } from './console/reports.js';
import { SavedViews } from './console/saved-views.js';
import { SecondFactors } from './console/second-factors.js';
import { ConsoleSessions } from './console/sessions.js';
import { ConsoleSignOn } from './console/sign-on.js';
import { UserStandings } from './console/user-standing.js';
import type { Database } from './database/database.js';
import { Discovery } from './discovery-items/discovery.js';
import { FileTasks } from './files/file-tasks.js';
import { OfflineFiles } from './files/offline-files.js';
import { GroupAnnouncements } from './groups/announcements.js';
import { Departures } from './groups/departures.js';
import { DissolvedGroups } from './groups/dissolved-groups.js';
import { GroupAdministration } from './groups/group-administration.js';
import { Groups } from './groups/groups.js';
import { MemberChanges } from './groups/member-changes.js';
import { GroupModeration } from './groups/moderation.js';
import { Erasures } from './lifecycle/erasures.js';
import { LegalHolds } from './lifecycle/legal-holds.js';
import { MessageExports } from './lifecycle/message-exports.js';
import { RetentionRules } from './lifecycle/retention-rules.js';
import { HistoryReplica } from './messages/history-replica.js';
import { Messages } from './messages/messages.js';
import { SessionLists } from './messages/session-lists.js';
import { DeviceRegistrations } from './push/device-registrations.js';
import { PushCredentials } from './push/push-credentials.js';
import { PushDevices } from './push/push-devices.js';
import { PushJobs } from './push/push-jobs.js';
import { PushMailboxes } from './push/push-mailboxes.js';
import { MessageTraces } from './trace/message-traces.js';
import { WebhookEventQueue } from './webhooks/event-queue.js';

/** Dependencies of the unary handlers. */
export interface Context {
  readonly kit: Kit;
  readonly users: Users;
  readonly userSettings: UserSettings;
  readonly clientBuilds: ClientBuilds;
  readonly pushDevices: PushDevices;
  readonly pushJobs: PushJobs;
  readonly pushCredentials: PushCredentials;
  readonly pushMailboxes: PushMailboxes;
  readonly deviceRegistrations: DeviceRegistrations;
  readonly departments: Departments;
  readonly loginLimit: LoginLimit;
  readonly logins: Logins;
  readonly sourceNetworks: SourceNetworks;
  readonly passwords: PasswordChecker;
  readonly proofKey: ProofKey;
  readonly loginProofs: LoginProofs;
  readonly hashUpgrades: HashUpgrades;
  readonly messages: Messages;
  readonly messageTraces: MessageTraces;
  readonly sessions: SessionLists;
  readonly groups: Groups;
  readonly memberChanges: MemberChanges;
  readonly departures: Departures;
  readonly dissolvedGroups: DissolvedGroups;
  readonly groupAnnouncements: GroupAnnouncements;
  readonly groupModeration: GroupModeration;
  readonly offlineFiles: OfflineFiles;
  /** for what the commands do with the database, too */
  readonly database: Database;
  readonly apps: Apps;
  readonly apiAnswers: ApiAnswers;
  readonly bots: Bots;
  readonly hooks: Hooks;
  readonly broadcasts: Broadcasts;
  readonly broadcastOrders: BroadcastOrders;
  readonly webhookEvents: WebhookEventQueue;
  readonly userAdministration: UserAdministration;
  readonly userImports: UserImports;
  readonly departmentAdministration: DepartmentAdministration;
  readonly departmentMerges: DepartmentMerges;
  readonly groupAdministration: GroupAdministration;
  readonly discovery: Discovery;
  readonly fileTasks: FileTasks;
  readonly erasures: Erasures;
  readonly legalHolds: LegalHolds;
  readonly messageExports: MessageExports;
  readonly retentionRules: RetentionRules;
  readonly consoleAccounts: ConsoleAccounts;
  readonly consoleAttempts: ConsoleAttempts;
  readonly consoleLogins: ConsoleLogins;
  readonly consoleReports: ConsoleReports;
  readonly installationReports: InstallationReports;
  readonly consoleSessions: ConsoleSessions;
  readonly consoleSignOn: ConsoleSignOn;
  readonly departmentScope: DepartmentScope;
  readonly userStandings: UserStandings;
  readonly savedViews: SavedViews;
  readonly loginFailures: LoginFailures;
  readonly secondFactors: SecondFactors;
  readonly ownSecondFactor: OwnSecondFactor;
  /** `msg_data` shown in place of an audio message in lists */
  readonly audioPreview: Buffer;
}

export async function createContext(
  config: Pick<
    DbProxyServerConfig,
    | 'argon2'
    | 'loginLimit'
    | 'sourceNetworkMemoryDays'
    | 'groupMaxMembers'
    | 'audioPreview'
    | 'textKey'
    | 'pushMentions'
    | 'historyDatabase'
    | 'console'
  >,
  database: Database,
  kit: Kit,
): Promise<Context> {
  const logins = new Logins(database, config.loginLimit);
  const passwords = await PasswordChecker.create(config.argon2, kit.metrics);
  const proofKey = new ProofKey(database, kit);
  const loginProofs = new LoginProofs(database, proofKey, kit);
  const hashUpgrades = new HashUpgrades(logins, passwords, proofKey, kit);
  kit.life.onStop('hash upgrades', () => hashUpgrades.stop());
  const replica = new HistoryReplica(config.historyDatabase, kit);
  kit.life.onStop('replica for history', () => replica.close());
  const sessions = new SessionLists(database);
  const memberChanges = new MemberChanges(database, config.groupMaxMembers);
  const { issuer, secretsKey, secondFactorRoles } = config.console;
  const secretKeys = secretsKey === '' ? undefined : new SecretKeys(secretsKey);
  const secondFactors = new SecondFactors(kit, secretKeys, secondFactorRoles);
  const loginParts = { kit, logins, loginLimit: config.loginLimit, passwords };
  const consoleAttempts = new ConsoleAttempts(loginParts, database);
  const broadcasts = new Broadcasts(database);
  const textCodec = createTextCodec(config.textKey);
  return {
    kit,
    users: new Users(database),
    clientBuilds: new ClientBuilds(database),
    userSettings: new UserSettings(database),
    pushDevices: new PushDevices(database, kit),
    pushJobs: new PushJobs(database, config.pushMentions ? textCodec : undefined),
    pushCredentials: new PushCredentials(database),
    pushMailboxes: new PushMailboxes(database),
    deviceRegistrations: new DeviceRegistrations(database),
    departments: new Departments(database),
    loginLimit: config.loginLimit,
    logins,
    sourceNetworks: new SourceNetworks(database, config.sourceNetworkMemoryDays),
    passwords,
    proofKey,
    loginProofs,
    hashUpgrades,
    messages: new Messages(database, replica),
    messageTraces: new MessageTraces(database),
    sessions,
    groups: new Groups(database, config.groupMaxMembers),
    memberChanges,
    departures: new Departures(database, memberChanges),
    dissolvedGroups: new DissolvedGroups(database, memberChanges),
    groupAnnouncements: new GroupAnnouncements(database, memberChanges, broadcasts, textCodec),
    groupModeration: new GroupModeration(database, memberChanges),
    offlineFiles: new OfflineFiles(database),
    database,
    apps: new Apps(database),
    apiAnswers: new ApiAnswers(database),
    bots: new Bots(database),
    hooks: new Hooks(database),
    broadcasts,
    broadcastOrders: new BroadcastOrders(database, broadcasts, textCodec),
    webhookEvents: new WebhookEventQueue(database, kit),
    userAdministration: new UserAdministration(database),
    userImports: new UserImports(database),
    departmentAdministration: new DepartmentAdministration(database),
    departmentMerges: new DepartmentMerges(database),
    groupAdministration: new GroupAdministration(database),
    discovery: new Discovery(database),
    fileTasks: new FileTasks(database),
    erasures: new Erasures(database),
    legalHolds: new LegalHolds(database),
    messageExports: new MessageExports(database),
    retentionRules: new RetentionRules(database),
    consoleAccounts: new ConsoleAccounts(database),
    consoleAttempts,
    consoleLogins: new ConsoleLogins(loginParts, consoleAttempts, secondFactors, database),
    consoleReports: new ConsoleReports(database),
    installationReports: new InstallationReports(database),
    consoleSessions: new ConsoleSessions(database),
    consoleSignOn: new ConsoleSignOn(issuer, database),
    departmentScope: new DepartmentScope(database),
    userStandings: new UserStandings(database, sessions),
    savedViews: new SavedViews(database),
    loginFailures: new LoginFailures(database, config.loginLimit),
    secondFactors,
    ownSecondFactor: new OwnSecondFactor(consoleAttempts, secondFactors, database),
    audioPreview: config.audioPreview,
  };
}
