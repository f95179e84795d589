import { createHash, randomBytes } from 'node:crypto';
import { type ConsoleRole, consoleApi } from '@teamtalk/rpc';
import { type Kit, type SecretKeys, TeamTalkError } from '@teamtalk/service-kit';
import { Secret, TOTP } from 'otpauth';
import type { Query, Statement } from '../database/database.js';
import type { ConsoleSession } from './sessions.js';

const {
  SECOND_FACTOR_ELSEWHERE,
  SECOND_FACTOR_NEEDED,
  SECOND_FACTOR_OFF,
  SECOND_FACTOR_ON,
  SECOND_FACTOR_UNAVAILABLE,
} = consoleApi.console.SecondFactor;

interface FactorRow {
  sealed: Buffer;
  keyId: string;
  last_step: number;
  confirmed: boolean;
}

/** The result of checking a code: its kind, or why it was refused. `none`: the account needs no code. */
export type CodeOutcome = 'none' | 'code' | 'recovery-code' | 'code-needed' | 'wrong-code';

/** What an account holder enters into an authenticator app. */
export interface NewFactor {
  /** base32 */
  secret: string;
  /** otpauth: URI for a QR code */
  uri: string;
}

/** Period of a code in seconds, and by how many periods the clock of a phone may be off in either direction. */
const stepSeconds = 30;
const tolerance = 1;
const secretBytes = 20;
const recoveryCodes = 10;
/** 80 random bits per recovery code: enough for a fast hash. */
const recoveryBytes = 10;

const find: Statement = {
  name: 'console_second_factor',
  text: `
    SELECT sealed, key_id AS "keyId", last_step::float8 AS last_step, confirmed_at IS NOT NULL AS confirmed
    FROM console_second_factor WHERE account_id = $1 FOR UPDATE`,
};

const begin: Statement = {
  name: 'console_second_factor_begin',
  text: `
    INSERT INTO console_second_factor AS f (account_id, key_id, sealed) VALUES ($1, $2, $3)
    ON CONFLICT (account_id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed, last_step = 0
    WHERE f.confirmed_at IS NULL RETURNING account_id`,
};

const use: Statement = {
  name: 'console_second_factor_use',
  text: `
    UPDATE console_second_factor SET last_step = $2, key_id = $3, sealed = $4,
      confirmed_at = coalesce(confirmed_at, now())
    WHERE account_id = $1`,
};

const useRecovery: Statement = {
  name: 'console_recovery_code_use',
  text: `
    UPDATE console_second_factor SET recovery_hashes = array_remove(recovery_hashes, $2)
    WHERE account_id = $1 AND confirmed_at IS NOT NULL AND $2 = ANY (recovery_hashes) RETURNING account_id`,
};

const setRecovery: Statement = {
  name: 'console_recovery_codes',
  text: 'UPDATE console_second_factor SET recovery_hashes = $2 WHERE account_id = $1',
};

const remove: Statement = {
  name: 'console_second_factor_remove',
  text: 'DELETE FROM console_second_factor WHERE account_id = $1',
};

/** One-time codes (TOTP) that console accounts enter after their password. Everything runs in the caller's transaction. */
export class SecondFactors {
  readonly #kit: Kit;
  readonly #keys: SecretKeys | undefined;
  readonly #roles: readonly ConsoleRole[];

  /** @param keys undefined: nobody can set up a second factor. @param roles that may do nothing without one */
  constructor(kit: Kit, keys: SecretKeys | undefined, roles: readonly ConsoleRole[]) {
    this.#kit = kit;
    this.#keys = keys;
    this.#roles = roles;
  }

  stateOf({ role, second_factor, signed_on }: ConsoleSession): consoleApi.console.SecondFactor {
    if (signed_on) return SECOND_FACTOR_ELSEWHERE;
    if (second_factor) return SECOND_FACTOR_ON;
    if (this.#roles.includes(role)) return SECOND_FACTOR_NEEDED;
    return this.#keys ? SECOND_FACTOR_OFF : SECOND_FACTOR_UNAVAILABLE;
  }

  /**
   * Creates a secret, which is required at login once `confirm` has checked a code of it.
   * @returns undefined when the account already has a second factor
   * @throws TeamTalkError `invalid-argument` without keys
   */
  async begin(query: Query, accountId: number, name: string): Promise<NewFactor | undefined> {
    if (!this.#keys) {
      throw new TeamTalkError('invalid-argument', 'CONSOLE_SECRETS_KEY is not set at db_proxy_server');
    }
    const secret = Secret.fromHex(randomBytes(secretBytes).toString('hex'));
    const { keyId, bytes } = this.#keys.seal(sealedAs(accountId), secret.base32);
    if ((await query(begin, [accountId, keyId, bytes])).length === 0) return undefined;
    return { secret: secret.base32, uri: totpOf(secret.base32, name).toString() };
  }

  /** Confirms the secret of `begin`. @returns recovery codes; undefined when the code is wrong */
  async confirm(query: Query, accountId: number, code: string): Promise<string[] | undefined> {
    const [row] = await query<FactorRow>(find, [accountId]);
    if (!row || row.confirmed || !(await this.#useCode(query, accountId, row, code))) return undefined;
    return this.renewRecoveryCodes(query, accountId);
  }

  /** Checks a code or recovery code, which cannot be used again. */
  async use(query: Query, accountId: number, code: string): Promise<CodeOutcome> {
    const [row] = await query<FactorRow>(find, [accountId]);
    if (!row?.confirmed) return 'none';
    if (code === '') return 'code-needed';
    if (await this.#useCode(query, accountId, row, code)) return 'code';
    const used = await query(useRecovery, [accountId, hashOfRecoveryCode(code)]);
    return used.length > 0 ? 'recovery-code' : 'wrong-code';
  }

  /** Replaces the recovery codes. */
  async renewRecoveryCodes(query: Query, accountId: number): Promise<string[]> {
    const codes = Array.from({ length: recoveryCodes }, newRecoveryCode);
    await query(setRecovery, [accountId, codes.map(hashOfRecoveryCode)]);
    return codes;
  }

  async #useCode(query: Query, accountId: number, row: FactorRow, code: string): Promise<boolean> {
    const token = code.replaceAll(' ', '');
    const secret = /^\d{6}$/.test(token) ? this.#open(accountId, row) : undefined;
    if (!secret || !this.#keys) return false;
    const timestamp = Date.now();
    const delta = totpOf(secret).validate({ token, timestamp, window: tolerance });
    if (delta === null) return false;
    const step = Math.floor(timestamp / 1000 / stepSeconds) + delta;
    if (step <= row.last_step) return false;
    // Re-encrypts a secret of an older key.
    const { keyId, bytes } =
      row.keyId === this.#keys.firstId
        ? { keyId: row.keyId, bytes: row.sealed }
        : this.#keys.seal(sealedAs(accountId), secret);
    await query(use, [accountId, step, keyId, bytes]);
    return true;
  }

  #open(accountId: number, { sealed, keyId }: FactorRow): string | undefined {
    try {
      if (!this.#keys) throw new Error('CONSOLE_SECRETS_KEY is not set');
      return this.#keys.open(sealedAs(accountId), sealed);
    } catch (error) {
      this.#kit.log.error(
        { err: error, accountId, keyId },
        'failed to decrypt second factor of console account',
      );
      return undefined;
    }
  }
}

/** Lets an account log in without codes. */
export async function removeSecondFactor(query: Query, accountId: number): Promise<void> {
  await query(remove, [accountId]);
}

function totpOf(base32: string, label = ''): TOTP {
  return new TOTP({ issuer: 'TeamTalk', label, secret: Secret.fromBase32(base32), period: stepSeconds });
}

function sealedAs(accountId: number): string {
  return `console account ${accountId}`;
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Four groups of four characters, without those that are easily confused. */
function newRecoveryCode(): string {
  const bits = BigInt(`0x${randomBytes(recoveryBytes).toString('hex')}`);
  const code = Array.from({ length: 16 }, (_, i) => letters[Number((bits >> BigInt(i * 5)) & 31n)]).join('');
  return code.replaceAll(/(.{4})(?!$)/g, '$1-');
}

/** Ignores case, spaces and hyphens. */
function hashOfRecoveryCode(code: string): Buffer {
  return createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/g, '')).digest();
}
