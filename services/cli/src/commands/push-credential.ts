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

/** Loaded on demand, because it is large. */
const pushServer = () => import('@teamtalk/push_server');

const keyHelp = `
PUSH_CREDENTIALS_KEY, or the file named by PUSH_CREDENTIALS_KEY_FILE, holds the key that encrypts credentials, the same as
push_server's (openssl rand -hex 32). Secrets are read from standard input and never printed.`;

/** `teamtalk push credential set|list|rotate|remove` */
export function defineCredential(push: Command): void {
  const credential = push
    .command('credential')
    .description(
      'Manage the encrypted credentials of push providers; push_servers apply changes within seconds',
    )
    .addHelpText('after', keyHelp + databaseHelp);

  credential
    .command('set <provider>')
    .description(
      'Store a provider’s credential, read from standard input: apns (the .p8 file), fcm (the service account’s JSON file), hms, honor, xiaomi, oppo or vivo (the secret), or webpush (an EC key)',
    )
    .option('--key-id <id>', 'apns: key id, 10 characters')
    .option('--team-id <id>', 'apns: team id, 10 characters')
    .option('--topic <bundle_id>', 'apns: bundle id of the app')
    .option('--client-id <id>', 'hms, honor: client id')
    .option('--project-id <id>', 'hms: project id, for version 2 of the API')
    .option('--app-id <id>', 'honor, vivo: app id')
    .option('--app-key <key>', 'oppo, vivo: AppKey')
    .option('--package <name>', 'xiaomi: package name of the app; default: that of each device')
    .option('--channel-id <id>', 'xiaomi, oppo: channel approved for chat messages')
    .option('--subject <address>', 'webpush: mailto: or https: contact address of the operator')
    .action(set);

  credential
    .command('list')
    .description(
      'List credentials: provider, public part, id of the encryption key, last change; separated by tabs',
    )
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
      'Re-encrypt all credentials with the first key of PUSH_CREDENTIALS_KEY, which also has to list the previous ones',
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
        if (rotated.length === 0) note('all credentials are already encrypted with this key');
      });
    });

  credential
    .command('remove <provider>')
    .description('Remove a credential; push_server falls back to the one in its variables')
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
  const { credentialNames, credentialValues, describeCredential, isCredentialName } = await pushServer();
  if (!isCredentialName(provider))
    throw new Failure(`the provider must be one of ${credentialNames.join(', ')}`);
  const keys = await credentialKeys();
  if (process.stdin.isTTY) throw new Failure('the secret is read from standard input; redirect a file to it');
  const secret = await readText(process.stdin);
  const { credential, description } = await describeCredential(
    provider,
    credentialValues(secret, { ...options }),
  );
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
  if (list === '')
    throw new Failure('PUSH_CREDENTIALS_KEY is not set; generate a key with openssl rand -hex 32');
  return new SecretKeys(list);
}
