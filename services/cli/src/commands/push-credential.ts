import type { Command } from 'commander';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, note, print, printJson, printRow } from '../output.js';
import { readText } from '../standard-input.js';

interface SetOptions {
  keyId?: string;
  teamId?: string;
  topic?: string;
  subject?: string;
  clientId?: string;
  projectId?: string;
  appId?: string;
  appKey?: string;
  package?: string;
  channelId?: string;
}

/** Loaded when used, as it is large. */
const pushServer = () => import('@teamtalk/push_server');

const keyHelp = `
PUSH_CREDENTIALS_KEY, or the file that PUSH_CREDENTIALS_KEY_FILE names, has the key that encrypts credentials, as push_server
has it (openssl rand -hex 32). Secrets are read from standard input, and are never printed.`;

/** `teamtalk push credential set|list|rotate|remove` */
export function defineCredential(push: Command): void {
  const credential = push
    .command('credential')
    .description(
      'Keep the credentials of push providers, encrypted; push_servers take changes within seconds',
    )
    .addHelpText('after', keyHelp + databaseHelp);

  credential
    .command('set <provider>')
    .description(
      'Store the credential of apns (the .p8 file), fcm (the JSON file of the service account), hms, honor, xiaomi, oppo or vivo (the secret), or webpush (an EC key), read from standard input',
    )
    .option('--key-id <id>', 'apns: id of the key, 10 characters')
    .option('--team-id <id>', 'apns: id of the team, 10 characters')
    .option('--topic <bundle_id>', 'apns: bundle id of the app')
    .option('--client-id <id>', 'hms, honor: id of the client')
    .option('--project-id <id>', 'hms: id of the project, for version 2 of its interface')
    .option('--app-id <id>', 'honor, vivo: id of the app')
    .option('--app-key <key>', 'oppo, vivo: AppKey')
    .option('--package <name>', 'xiaomi: package of the app; left out: whichever a device has')
    .option('--channel-id <id>', 'xiaomi, oppo: channel that is approved for chats')
    .option('--subject <address>', 'webpush: mailto: or https: address of who runs this installation')
    .action(set);

  credential
    .command('list')
    .description('List them: provider, what is not secret, id of the encrypting key, when; separated by tabs')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { listPushCredentials }) => {
        for (const each of await listPushCredentials(dataSource)) {
          const { provider, description, keyId, changedAt } = each;
          if (json) printJson(each);
          else printRow([provider, description, keyId, changedAt.toISOString()]);
        }
      }),
    );

  credential
    .command('rotate')
    .description(
      'Encrypt all of them with the first key of PUSH_CREDENTIALS_KEY, which has the former ones, too',
    )
    .action(async () => {
      const keys = await credentialKeys();
      await withDatabase(async (dataSource, { rotatePushCredentials }) => {
        const rotated = await rotatePushCredentials(
          dataSource,
          keys.firstId,
          (provider, sealed) => keys.seal(provider, keys.open(provider, sealed)).bytes,
        );
        for (const provider of rotated) print(`rotated ${provider}`);
        if (rotated.length === 0) note('all are encrypted with this key already');
      });
    });

  credential
    .command('remove <provider>')
    .description('Remove one; push_server goes back to the one in its variables')
    .action((provider: string) =>
      withDatabase(async (dataSource, { removePushCredential }) => {
        if (!(await removePushCredential(dataSource, provider))) {
          throw new Failure(`there is no credential of ${provider}`);
        }
        print(`removed ${provider}`);
      }),
    );
}

async function set(provider: string, options: SetOptions): Promise<void> {
  const { credentialNames, describeCredential, isCredentialName } = await pushServer();
  if (!isCredentialName(provider)) throw new Failure(`a provider is one of ${credentialNames.join(', ')}`);
  const keys = await credentialKeys();
  if (process.stdin.isTTY) throw new Failure('the secret is read from standard input: < FILE');
  const secret = await readText(process.stdin);
  // Of these it takes the provider's own.
  const values = {
    APNS_KEY: secret,
    APNS_KEY_ID: options.keyId ?? '',
    APNS_TEAM_ID: options.teamId ?? '',
    APNS_TOPIC: options.topic ?? '',
    FCM_SERVICE_ACCOUNT: secret,
    HMS_CLIENT_ID: options.clientId ?? '',
    HMS_CLIENT_SECRET: secret,
    HMS_PROJECT_ID: options.projectId ?? '',
    HONOR_APP_ID: options.appId ?? '',
    HONOR_CLIENT_ID: options.clientId ?? '',
    HONOR_CLIENT_SECRET: secret,
    XIAOMI_APP_SECRET: secret,
    XIAOMI_PACKAGE: options.package ?? '',
    XIAOMI_CHANNEL_ID: options.channelId ?? '',
    OPPO_APP_KEY: options.appKey ?? '',
    OPPO_MASTER_SECRET: secret,
    OPPO_CHANNEL_ID: options.channelId ?? '',
    VIVO_APP_ID: options.appId ?? '',
    VIVO_APP_KEY: options.appKey ?? '',
    VIVO_APP_SECRET: secret,
    WEBPUSH_KEY: secret,
    WEBPUSH_SUBJECT: options.subject ?? '',
  };
  const { credential, description } = await describeCredential(provider, values);
  const { keyId, bytes: sealed } = keys.seal(provider, JSON.stringify(credential));
  await withDatabase((dataSource, { setPushCredential }) =>
    setPushCredential(dataSource, { provider, description, keyId, sealed }),
  );
  print(`${provider}: ${description}`);
}

async function credentialKeys() {
  const { readEnv, SecretKeys } = await import('@teamtalk/service-kit');
  const { credentialEnv } = await pushServer();
  const { PUSH_CREDENTIALS_KEY: list } = readEnv(credentialEnv, process.env);
  if (list === '') throw new Failure('PUSH_CREDENTIALS_KEY is not set: openssl rand -hex 32 makes a key');
  return new SecretKeys(list);
}
