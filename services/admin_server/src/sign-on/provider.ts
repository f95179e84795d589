import { type Logger, TeamTalkError, withDeadline } from '@teamtalk/service-kit';
import * as oidc from 'openid-client';

/** The sign-on provider. */
export interface SignOnConfig {
  /** issuer URL as the provider states it */
  issuer: string;
  clientId: string;
  /** empty: a public client */
  clientSecret: string;
  scopes: string;
  /** label on the button */
  name: string;
  /** claim of the ID token that contains the role; empty: roles are assigned in the console */
  roleClaim: string;
  /** whether to trust an e-mail address that the provider has not verified */
  trustEmail: boolean;
}

/** Values that have to match when the browser returns from the provider. */
export interface Check {
  state: string;
  nonce: string;
  verifier: string;
}

/** The identity of a person who has signed on. */
export interface SignedOn {
  issuer: string;
  subject: string;
  /** empty: none that is trusted */
  email: string;
  /** empty: the account's role stays */
  role: string;
}

export type SignOnFailure = 'declined' | 'invalid' | 'unavailable' | 'no-role';

/** A failed sign-on. */
export class SignOnError extends Error {
  readonly kind: SignOnFailure;

  constructor(kind: SignOnFailure, options?: ErrorOptions) {
    super(`sign-on: ${kind}`, options);
    this.kind = kind;
  }
}

/** Seconds for one response of the provider, and milliseconds for all of them together. */
const responseSeconds = 5;
const totalMs = 12_000;
/** Milliseconds for which the provider's metadata is cached. */
const keptMs = 3_600_000;
/** Tolerated clock skew, seconds. */
const clockSeconds = 60;
/** Concurrent sign-ons, in total and from one network; further ones are refused. */
const maxAtOnce = 20;
const maxOfNetwork = maxAtOnce / 2;

const unavailableCodes = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM']);
const unavailableAnswers = new Set(['server_error', 'temporarily_unavailable']);

/** Client of the OpenID Connect provider: the code flow with PKCE, state and nonce. Discovery waits for the first sign-on. */
export class SignOnProvider {
  readonly #config: SignOnConfig;
  readonly #log: Logger;
  #found: { at: number; configuration: oidc.Configuration } | undefined;
  #finding: Promise<oidc.Configuration> | undefined;
  #asking = 0;
  readonly #askingOf = new Map<string, number>();

  constructor(config: SignOnConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  /**
   * Begins a sign-on.
   * @param redirectUri where the provider sends the browser back to
   * @param network the browser's source network
   * @returns where to send the browser, and the values to check when it returns
   * @throws SignOnError
   */
  begin(redirectUri: string, network: string): Promise<{ url: URL; check: Check }> {
    return this.#bounded(network, async () => {
      const configuration = await this.#configuration();
      const check = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: this.#config.scopes,
        state: check.state,
        nonce: check.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(check.verifier),
        code_challenge_method: 'S256',
      });
      return { url, check };
    });
  }

  /** @param url to which the browser returned, as the provider knows it. @param network as for `begin`. @throws SignOnError */
  finish(url: URL, { state, nonce, verifier }: Check, network: string): Promise<SignedOn> {
    return this.#bounded(network, async () => {
      const tokens = await oidc.authorizationCodeGrant(await this.#configuration(), url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims) throw new SignOnError('invalid');
      return this.#signedOn(claims);
    });
  }

  #signedOn(claims: oidc.IDToken): SignedOn {
    const { issuer, trustEmail } = this.#config;
    const { sub: subject, email, email_verified: verified } = claims;
    const counts = typeof email === 'string' && (verified === true || trustEmail);
    return { issuer, subject, email: counts ? email : '', role: this.#roleIn(claims) };
  }

  /** The first value of the role claim; the store decides whether it is valid. */
  #roleIn(claims: oidc.IDToken): string {
    const { roleClaim } = this.#config;
    if (roleClaim === '') return '';
    const value: unknown = claims[roleClaim];
    const role: unknown = Array.isArray(value) ? value[0] : value;
    if (typeof role !== 'string' || role === '') throw new SignOnError('no-role');
    return role;
  }

  async #configuration(): Promise<oidc.Configuration> {
    const known = this.#found;
    if (known && performance.now() - known.at < keptMs) return known.configuration;
    this.#finding ??= this.#discover().finally(() => {
      this.#finding = undefined;
    });
    try {
      const configuration = await this.#finding;
      this.#found = { at: performance.now(), configuration };
      return configuration;
    } catch (error) {
      if (known) return known.configuration;
      throw error;
    }
  }

  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    const url = new URL(issuer);
    return oidc.discovery(
      url,
      clientId,
      { [oidc.clockTolerance]: clockSeconds },
      clientSecret === '' ? oidc.None() : oidc.ClientSecretPost(clientSecret),
      {
        timeout: responseSeconds,
        // Signatures are checked even for tokens received over TLS.
        execute: [
          oidc.enableNonRepudiationChecks,
          ...(url.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
        ],
      },
    );
  }

  async #bounded<T>(network: string, work: () => Promise<T>): Promise<T> {
    const ofNetwork = this.#askingOf.get(network) ?? 0;
    if (this.#asking >= maxAtOnce || ofNetwork >= maxOfNetwork) throw new SignOnError('unavailable');
    this.#asking++;
    this.#askingOf.set(network, ofNetwork + 1);
    try {
      return await withDeadline(work(), totalMs, 'the sign-on provider');
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'declined') this.#log.warn({ err: error, kind: failure.kind }, 'sign-on failed');
      throw failure;
    } finally {
      this.#asking--;
      const left = (this.#askingOf.get(network) ?? 1) - 1;
      if (left > 0) this.#askingOf.set(network, left);
      else this.#askingOf.delete(network);
    }
  }
}

function failureOf(error: unknown): SignOnError {
  if (error instanceof SignOnError) return error;
  const options = { cause: error };
  if (error instanceof oidc.AuthorizationResponseError) {
    return new SignOnError(unavailableAnswers.has(error.error) ? 'unavailable' : 'declined', options);
  }
  const code: unknown = (error as { code?: unknown } | undefined)?.code;
  const isAway =
    error instanceof TeamTalkError ||
    // How fetch reports a failed connection.
    (error instanceof TypeError && error.cause !== undefined) ||
    unavailableCodes.has(String(code));
  return new SignOnError(isAway ? 'unavailable' : 'invalid', options);
}
