import { createPublicKey } from 'node:crypto';
import { readEnv, type SecretKeys } from '@teamtalk/service-kit';
import { type ProviderConfig, providerConfig, startProviders } from '../provider-config.js';
import { type CredentialName, credentialNames, credentialVariables, providerEnv } from '../provider-env.js';
import { rawPublicKey } from '../providers/web-push/p256.js';

/** A credential as values of environment variables. */
export type Credential = Partial<Record<(typeof credentialVariables)[CredentialName][number], string>>;

export function isCredentialName(name: string): name is CredentialName {
  return (credentialNames as string[]).includes(name);
}

/** The parts of a credential that are not secret, as `teamtalk push credential set` names its options. */
export type CredentialOptions = Readonly<Record<string, string | undefined>>;

/** A credential as values of environment variables; each provider picks its own. */
export function credentialValues(secret: string, options: CredentialOptions): Record<string, string> {
  const of = (name: string) => options[name] ?? '';
  return {
    APNS_KEY: secret,
    APNS_KEY_ID: of('keyId'),
    APNS_TEAM_ID: of('teamId'),
    APNS_TOPIC: of('topic'),
    FCM_SERVICE_ACCOUNT: secret,
    HMS_CLIENT_ID: of('clientId'),
    HMS_CLIENT_SECRET: secret,
    HMS_PROJECT_ID: of('projectId'),
    HONOR_APP_ID: of('appId'),
    HONOR_CLIENT_ID: of('clientId'),
    HONOR_CLIENT_SECRET: secret,
    XIAOMI_APP_SECRET: secret,
    XIAOMI_PACKAGE: of('package'),
    XIAOMI_CHANNEL_ID: of('channelId'),
    OPPO_APP_KEY: of('appKey'),
    OPPO_MASTER_SECRET: secret,
    OPPO_CHANNEL_ID: of('channelId'),
    VIVO_APP_ID: of('appId'),
    VIVO_APP_KEY: of('appKey'),
    VIVO_APP_SECRET: secret,
    WEBPUSH_KEY: secret,
    WEBPUSH_SUBJECT: of('subject'),
  };
}

/**
 * Validates a credential as push_server does at its start, and describes its public part.
 * @param values by environment variable
 * @throws ConfigError that lists missing variables; Error when the key cannot be read
 */
export async function describeCredential(
  name: CredentialName,
  values: Readonly<Record<string, string>>,
): Promise<{ credential: Credential; description: string }> {
  const of: readonly string[] = credentialVariables[name];
  const own = Object.fromEntries(Object.entries(values).filter(([variable]) => of.includes(variable)));
  const config = providerConfig(readEnv(providerEnv, own));
  const [provider] = startProviders(config, name);
  if (!provider) throw new Error(`${of[0]}: is required`);
  await provider.stop();
  return { credential: own, description: descriptionOf(config) };
}

/** Describes the public part of the only credential in a configuration. */
function descriptionOf({ apns, fcm, vendors, webPush }: ProviderConfig): string {
  const { hms, honor, xiaomi, oppo, vivo } = vendors;
  if (apns) return `key ${apns.key.keyId} of team ${apns.key.teamId} for ${apns.topic}`;
  if (fcm) return `${fcm.account.clientEmail} in project ${fcm.account.projectId}`;
  if (hms) return `client ${hms.clientId}${hms.projectId && ` in project ${hms.projectId}`}`;
  if (honor) return `client ${honor.clientId} for app ${honor.appId}`;
  if (xiaomi) return xiaomi.packageName ? `for ${xiaomi.packageName}` : 'for any package';
  if (oppo) return `app key ${oppo.appKey}`;
  if (vivo) return `app ${vivo.appId}`;
  if (!webPush) return '';
  const publicKey = rawPublicKey(createPublicKey(webPush.key.pem)).toString('base64url');
  return `${webPush.key.subject}, public key ${publicKey}`;
}

/** @throws Error when it cannot be decrypted or parsed; the message contains none of its content */
export function openCredential(name: CredentialName, keys: SecretKeys, sealed: Buffer): Credential {
  const text = keys.open(name, sealed);
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error('it is not a JSON object');
  }
  const of: readonly (keyof Credential)[] = credentialVariables[name];
  return Object.fromEntries(
    of.map((variable) => {
      const value = values[variable];
      if (typeof value !== 'string') throw new Error(`it has no ${variable}`);
      return [variable, value];
    }),
  );
}
