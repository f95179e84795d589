import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

interface Grant {
  challenge: string;
  nonce: string;
  redirectUri: string;
}

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** An OpenID Connect provider with a logged-in user: it redirects browsers back at once. */
export class OidcProvider {
  readonly clientId = 'console';
  readonly clientSecret = 'the secret of the console';
  /** the claims of the logged-in user */
  claims: JWTPayload = { sub: 'subject-1', email: 'ann@example.com', email_verified: true };
  /** the fault that it simulates */
  fault: 'none' | 'away' | 'declines' | 'other-nonce' | 'other-key' | 'other-audience' | 'expired' = 'none';
  readonly #server: Server;
  readonly #keys: KeyPair;
  readonly #otherKeys: KeyPair;
  readonly #grants = new Map<string, Grant>();

  static async start(): Promise<OidcProvider> {
    const keys = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
    const provider = new OidcProvider(...keys);
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  private constructor(keys: KeyPair, otherKeys: KeyPair) {
    this.#keys = keys;
    this.#otherKeys = otherKeys;
    this.#server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.writeHead(500).end());
    });
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    if (this.fault === 'away') return void request.socket.destroy();
    const json = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(200, {
        issuer: this.issuer,
        authorization_endpoint: `${this.issuer}/authorize`,
        token_endpoint: `${this.issuer}/token`,
        jwks_uri: `${this.issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      });
    }
    if (url.pathname === '/jwks') {
      const key = { ...(await exportJWK(this.#keys.publicKey)), kid: 'key', alg: 'RS256', use: 'sig' };
      return json(200, { keys: [key] });
    }
    if (url.pathname === '/authorize') return this.#authorize(url.searchParams, response);
    if (url.pathname === '/token') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const token = await this.#token(new URLSearchParams(Buffer.concat(chunks).toString()));
      return token ? json(200, token) : json(400, { error: 'invalid_grant' });
    }
    response.writeHead(404).end();
  }

  #authorize(query: URLSearchParams, response: ServerResponse): void {
    const back = new URL(query.get('redirect_uri') ?? '');
    back.searchParams.set('state', query.get('state') ?? '');
    if (this.fault === 'declines') back.searchParams.set('error', 'access_denied');
    else {
      const code = randomBytes(16).toString('hex');
      back.searchParams.set('code', code);
      this.#grants.set(code, {
        challenge: query.get('code_challenge') ?? '',
        nonce: query.get('nonce') ?? '',
        redirectUri: query.get('redirect_uri') ?? '',
      });
    }
    response.writeHead(302, { location: back.href }).end();
  }

  /** Redeems a code, once, for a client with the verifier and the secret. */
  async #token(form: URLSearchParams): Promise<object | undefined> {
    const code = form.get('code') ?? '';
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isGood =
      grant?.challenge === challenge &&
      grant.redirectUri === form.get('redirect_uri') &&
      form.get('client_id') === this.clientId &&
      form.get('client_secret') === this.clientSecret;
    if (!isGood) return undefined;
    const nonce = this.fault === 'other-nonce' ? 'another' : grant.nonce;
    const signed = await new SignJWT({ ...this.claims, nonce })
      .setProtectedHeader({ alg: 'RS256', kid: 'key' })
      .setIssuer(this.issuer)
      .setAudience(this.fault === 'other-audience' ? 'another' : this.clientId)
      .setIssuedAt()
      .setExpirationTime(this.fault === 'expired' ? '-1h' : '5m')
      .sign((this.fault === 'other-key' ? this.#otherKeys : this.#keys).privateKey);
    return { access_token: 'unused', token_type: 'Bearer', expires_in: 300, id_token: signed };
  }
}
