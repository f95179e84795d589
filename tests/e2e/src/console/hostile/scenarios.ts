import type { TestCluster } from '@teamtalk/cluster';
import { testPassword } from '@teamtalk/cluster';
import type { HostileWriter } from './writer.js';

/** Ids of what was stored, for the pages that show one of them. */
export interface Stored {
  readonly users: number[];
  readonly groups: number[];
  readonly imports: number[];
}

/** Stores the writer's current text in every field of every write operation. */
export async function storeEverywhere(
  writer: HostileWriter,
  cluster: TestCluster,
  stored: Stored,
  botId: number,
): Promise<void> {
  const userId = await users(writer, stored);
  await views(writer);
  await departments(writer);
  await groups(writer, stored, userId, botId);
  await discovery(writer);
  await imports(writer, cluster, stored);
  await broadcasts(writer, botId);
  await lifecycle(writer, userId, stored);
  await accounts(writer);
  await systems(writer, userId);
  await machines(writer, cluster, userId);
}

async function users(writer: HostileWriter, { users }: Stored): Promise<number> {
  const body = writer.body('createUser');
  const { user_id = 0 } = await writer.write('createUser', { body: { ...body, password: testPassword } });
  writer.forget(body);
  await writer.write('changeUser', { params: { user_id }, body: writer.body('changeUser') });
  const other = await writer.write('createUser', {
    body: { ...writer.body('createUser'), password: testPassword },
  });
  users.push(user_id, other.user_id ?? 0);
  return user_id;
}

async function views(writer: HostileWriter): Promise<void> {
  // More would push each other out.
  if (writer.which > 0) return;
  const body = { ...writer.body('saveView'), department_id: null, status: 'present', columns: [] };
  const { view_id = 0 } = await writer.write('saveView', { body });
  writer.forget(body);
  await writer.write('renameView', { params: { view_id }, body: writer.body('renameView') });
}

async function departments(writer: HostileWriter): Promise<void> {
  const body = writer.body('createDepartment');
  const { department_id = 0 } = await writer.write('createDepartment', { body });
  writer.forget(body);
  await writer.write('changeDepartment', {
    params: { department_id },
    body: writer.body('changeDepartment'),
  });
  await writer.write('createDepartment', {
    body: { ...writer.body('createDepartment'), parent_id: department_id },
  });
}

async function groups(
  writer: HostileWriter,
  { groups }: Stored,
  userId: number,
  botId: number,
): Promise<void> {
  const body = writer.body('createGroup');
  const { group_id = 0 } = await writer.write('createGroup', { body: { ...body, member_ids: [userId] } });
  writer.forget(body);
  await writer.write('changeGroup', { params: { group_id }, body: writer.body('changeGroup') });
  await writer.write('announceInGroup', {
    params: { group_id },
    body: { ...writer.body('announceInGroup'), key: `key ${writer.which}`, from_user_id: botId },
  });
  groups.push(group_id);
}

async function discovery(writer: HostileWriter): Promise<void> {
  const body = writer.body('createDiscovery');
  const { item_id = 0 } = await writer.write('createDiscovery', { body });
  writer.forget(body);
  await writer.write('changeDiscovery', { params: { item_id }, body: writer.body('changeDiscovery') });
}

/** A row that becomes a user, and one whose columns are wrong. */
async function imports(
  writer: HostileWriter,
  cluster: TestCluster,
  { imports, users }: Stored,
): Promise<void> {
  const { import_id = 0 } = await writer.write('createUserImport', { body: writer.body('createUserImport') });
  const params = { import_id };
  const short = () => writer.text(32);
  const name = short();
  await writer.write('addUserImportRows', {
    params,
    body: {
      rows: [
        {
          row: 2,
          name,
          nick_name: short(),
          real_name: short(),
          email: short(),
          tel: short(),
          sign_info: short(),
        },
        { row: 3, name: `plain ${import_id}`, gender: short(), department: short() },
      ],
    },
  });
  await writer.write('runUserImport', { params });
  imports.push(import_id);
  const [made] = await cluster.sql<{ id: number }>('SELECT id FROM im_user WHERE name = $1', [name]);
  users.push(made?.id ?? 0);
}

async function broadcasts(writer: HostileWriter, botId: number): Promise<void> {
  const send_at = new Date(Date.now() + 3_600_000).toISOString();
  await writer.write('createBroadcast', {
    body: {
      ...writer.body('createBroadcast'),
      key: `key ${writer.which}`,
      from_user_id: botId,
      audience: 'everybody',
      send_at,
    },
  });
}

async function lifecycle(writer: HostileWriter, userId: number, { groups }: Stored): Promise<void> {
  const { user_id = 0 } = await writer.write('createUser', {
    body: { name: `leaver ${writer.which}`, password: testPassword },
  });
  await writer.write('leaveUser', { params: { user_id } });
  await writer.write('eraseUser', { body: { ...writer.body('eraseUser'), user_id } });
  await writer.write('placeHold', { body: { ...writer.body('placeHold'), user_id: userId } });
  const group_id = groups.at(-1);
  await writer.write('requestExport', { body: { ...writer.body('requestExport'), group_id } });
}

async function accounts(writer: HostileWriter): Promise<void> {
  const body = writer.body('createAccount');
  const { account_id = 0 } = await writer.write('createAccount', { body: { ...body, role: 'viewer' } });
  writer.forget({ email: body.email });
  await writer.write('changeAccount', { params: { account_id }, body: writer.body('changeAccount') });
}

async function systems(writer: HostileWriter, userId: number): Promise<void> {
  const app = { permissions: ['p2p'], addresses: [], user_id: null, rate: null, signs: false };
  await writer.write('createApp', { body: { ...writer.body('createApp'), ...app } });
  const webhook = { url: 'https://example.com/', events: ['group'], bot_id: null };
  await writer.write('createWebhook', { body: { ...writer.body('createWebhook'), ...webhook } });
  const { user_id: bot_id = 0 } = await writer.write('createBot', { body: writer.body('createBot') });
  const hook = { bot_id, any_receiver: false, rate: 1, user_id: userId };
  await writer.write('createHook', { body: { ...writer.body('createHook'), ...hook } });
}

/** Texts that the console shows and does not write: from commands, clients, importers and passers-by. */
async function machines(writer: HostileWriter, cluster: TestCluster, userId: number): Promise<void> {
  const text = () => {
    const made = writer.text(32);
    writer.texts.add(made);
    return made;
  };
  await cluster.sql(
    `INSERT INTO app (name, key_hash, permissions) VALUES ($1, sha256(convert_to($1, 'UTF8')), ARRAY[$2])`,
    [text(), 'p2p'],
  );
  await cluster.sql(`INSERT INTO webhook (name, url, secret, events) VALUES ($1, $2, '', ARRAY[$3])`, [
    text(),
    'https://example.com/',
    text(),
  ]);
  await cluster.sql(
    `INSERT INTO push_credential (provider, description, key_id, sealed) VALUES ('fcm', $1, '', '')
     ON CONFLICT (provider) DO UPDATE SET description = push_credential.description || excluded.description`,
    [text()],
  );
  await cluster.sql(
    `INSERT INTO push_device (user_id, client_type, provider, token, token_hash, client_version, locale, time_zone)
     VALUES ($1, 18, 'android', $2::text, sha256(convert_to($2, 'UTF8')), $3, 'en', 'UTC')`,
    [userId, `token ${writer.which}`, text()],
  );
  await cluster.sql(
    `INSERT INTO login_failure (name, place, failed_at, last_at)
     SELECT name, $2, ARRAY[now()], now() FROM im_user WHERE id = $1`,
    [userId, text()],
  );
}
