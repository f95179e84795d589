import { TeamTalkError } from '@teamtalk/service-kit';
import type { DataSource } from 'typeorm';
import { type Actor, operator } from '../actor.js';
import { requireText } from '../administration/changes.js';
import { auditedTransaction } from '../audit/record-event.js';
import type { Database, Statement } from '../database/database.js';

/** A stored credential of a provider. Its content is encrypted and unknown here. */
export interface PushCredential {
  provider: string;
  /** its parts that are not secret */
  description: string;
  /** id of the key that encrypted it */
  keyId: string;
  sealed: Buffer;
}

export interface PushCredentialSummary extends Omit<PushCredential, 'sealed'> {
  changedAt: Date;
}

/** Longest description, characters. */
const maxDescription = 1_000;
/** Longest encrypted credential, bytes. */
const maxSealed = 65_536;

const all: Statement = {
  name: 'push_credentials',
  text: 'SELECT provider, sealed FROM push_credential ORDER BY provider',
};

/** How many devices a provider has. */
export interface ProviderDevices {
  provider: string;
  devices: number;
  /** of these, devices that get nothing */
  failing: number;
}

const devices: Statement = {
  name: 'push_devices_by_provider',
  text: `
    SELECT provider, count(*)::int4 AS devices, count(failure)::int4 AS failing
    FROM push_device GROUP BY provider ORDER BY provider`,
};

/** Stored credentials, for push_servers. */
export class PushCredentials {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): Promise<Pick<PushCredential, 'provider' | 'sealed'>[]> {
    return this.#database.query(all, []);
  }

  /** Devices by provider. */
  devices(): Promise<ProviderDevices[]> {
    return this.#database.query<ProviderDevices>(devices, []);
  }
}

/** Stores a provider's credential, replacing the previous one. */
export function setPushCredential(
  dataSource: DataSource,
  { provider, description, keyId, sealed }: PushCredential,
  actor: Actor = operator(),
): Promise<void> {
  if (sealed.length > maxSealed) {
    throw new TeamTalkError('invalid-argument', `a credential has at most ${maxSealed} bytes`);
  }
  requireText('a provider', provider, 1, 32);
  requireText('a description', description, 0, maxDescription);
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const [before]: { description: string }[] = await manager.query(
      'SELECT description FROM push_credential WHERE provider = $1 FOR UPDATE',
      [provider],
    );
    await manager.query(
      `INSERT INTO push_credential (provider, description, key_id, sealed) VALUES ($1, $2, $3, $4)
       ON CONFLICT (provider) DO UPDATE SET description = excluded.description, key_id = excluded.key_id,
         sealed = excluded.sealed, changed_at = now()`,
      [provider, description, keyId, sealed],
    );
    const after = { description, keyId };
    await record({
      verb: 'credential.set',
      resource: `push ${provider}`,
      ...(before && { before: { description: before.description } }),
      after,
    });
  });
}

export function listPushCredentials(dataSource: DataSource): Promise<PushCredentialSummary[]> {
  return dataSource.query(
    `SELECT provider, description, key_id AS "keyId", changed_at AS "changedAt" FROM push_credential ORDER BY provider`,
  );
}

/**
 * Encrypts all credentials with another key, or none of them.
 * @param reseal throws when it cannot decrypt a credential
 * @returns the providers whose credentials were re-encrypted
 */
export function rotatePushCredentials(
  dataSource: DataSource,
  keyId: string,
  reseal: (provider: string, sealed: Buffer) => Buffer,
  actor: Actor = operator(),
): Promise<string[]> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    const rows: PushCredential[] = await manager.query(
      `SELECT provider, key_id AS "keyId", sealed FROM push_credential WHERE key_id <> $1 ORDER BY provider FOR UPDATE`,
      [keyId],
    );
    for (const { provider, keyId: former, sealed } of rows) {
      await manager.query(
        'UPDATE push_credential SET sealed = $2, key_id = $3, changed_at = now() WHERE provider = $1',
        [provider, reseal(provider, sealed), keyId],
      );
      await record({
        verb: 'credential.rotate',
        resource: `push ${provider}`,
        before: { keyId: former },
        after: { keyId },
      });
    }
    return rows.map(({ provider }) => provider);
  });
}

/** @returns whether the provider had one */
export function removePushCredential(
  dataSource: DataSource,
  provider: string,
  actor: Actor = operator(),
): Promise<boolean> {
  return auditedTransaction(dataSource, actor, async (manager, record) => {
    // TypeORM returns [rows, count] for a DELETE.
    const [[removed]]: [{ description: string }[]] = await manager.query(
      'DELETE FROM push_credential WHERE provider = $1 RETURNING description',
      [provider],
    );
    if (!removed) return false;
    await record({ verb: 'credential.remove', resource: `push ${provider}`, before: removed });
    return true;
  });
}
