import type { Kit } from '@teamtalk/service-kit';
import { DepartmentAdministration } from './accounts/department-administration.js';
import { Departments } from './accounts/departments.js';
import { HashUpgrades } from './accounts/hash-upgrades.js';
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
import { Broadcasts } from './broadcasts/broadcasts.js';
import type { DbProxyServerConfig } from './config.js';
import type { Database } from './database/database.js';
import { Discovery } from './discovery-items/discovery.js';
import { FileTasks } from './files/file-tasks.js';
import { OfflineFiles } from './files/offline-files.js';
import { GroupAdministration } from './groups/group-administration.js';
import { Groups } from './groups/groups.js';
import { MemberChanges } from './groups/member-changes.js';
import { Messages } from './messages/messages.js';
import { SessionLists } from './messages/session-lists.js';
import { PushDevices } from './push/push-devices.js';
import { PushJobs } from './push/push-jobs.js';
import { MessageTraces } from './trace/message-traces.js';
import { WebhookEventQueue } from './webhooks/event-queue.js';

/** Dependencies of the unary handlers. */
export interface Context {
  readonly kit: Kit;
  readonly users: Users;
  readonly userSettings: UserSettings;
  readonly pushDevices: PushDevices;
  readonly pushJobs: PushJobs;
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
  readonly offlineFiles: OfflineFiles;
  readonly apps: Apps;
  readonly apiAnswers: ApiAnswers;
  readonly broadcasts: Broadcasts;
  readonly webhookEvents: WebhookEventQueue;
  readonly userAdministration: UserAdministration;
  readonly departmentAdministration: DepartmentAdministration;
  readonly groupAdministration: GroupAdministration;
  readonly discovery: Discovery;
  readonly fileTasks: FileTasks;
  /** `msg_data` shown in place of an audio message in lists */
  readonly audioPreview: Buffer;
}

export async function createContext(
  config: Pick<
    DbProxyServerConfig,
    'argon2' | 'loginLimit' | 'sourceNetworkMemoryDays' | 'groupMaxMembers' | 'audioPreview'
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
  return {
    kit,
    users: new Users(database),
    userSettings: new UserSettings(database),
    pushDevices: new PushDevices(database, kit),
    pushJobs: new PushJobs(database),
    departments: new Departments(database),
    loginLimit: config.loginLimit,
    logins,
    sourceNetworks: new SourceNetworks(database, config.sourceNetworkMemoryDays),
    passwords,
    proofKey,
    loginProofs,
    hashUpgrades,
    messages: new Messages(database),
    messageTraces: new MessageTraces(database),
    sessions: new SessionLists(database),
    groups: new Groups(database, config.groupMaxMembers),
    memberChanges: new MemberChanges(database, config.groupMaxMembers),
    offlineFiles: new OfflineFiles(database),
    apps: new Apps(database),
    apiAnswers: new ApiAnswers(database),
    broadcasts: new Broadcasts(database),
    webhookEvents: new WebhookEventQueue(database),
    userAdministration: new UserAdministration(database),
    departmentAdministration: new DepartmentAdministration(database),
    groupAdministration: new GroupAdministration(database),
    discovery: new Discovery(database),
    fileTasks: new FileTasks(database),
    audioPreview: config.audioPreview,
  };
}
