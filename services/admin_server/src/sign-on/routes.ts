import { plainAddress } from '@teamtalk/net';
import { consoleApi, consoles } from '@teamtalk/rpc';
import { isTransient, type Kit, sourceNetwork } from '@teamtalk/service-kit';
import { type Request, type Response, Router } from 'express';
import type { AdminServerConfig } from '../config.js';
import type { Context } from '../context.js';
import { newSession, setCookie } from '../http/session-cookie.js';
import type { SessionPace } from '../http/session-pace.js';
import { type Check, SignOnError, type SignOnProvider } from './provider.js';

const { LOG_IN_DONE, LOG_IN_NO_ROLE, LOG_IN_NOT_INVITED } = consoleApi.console.LogInResult;

const signOnPath = '/admin/v1/sign-on';
const callbackPath = `${signOnPath}/callback`;

/** Milliseconds for signing on at the provider, and for the store to open a session. */
const signOnMs = 600_000;
const openMs = 5_000;

/** Outcome shown by the pages, in the parameter `sign-on` of their address. */
type Outcome =
  | 'done'
  | 'begun'
  | 'declined'
  | 'expired'
  | 'invalid'
  | 'no-role'
  | 'not-invited'
  | 'refused'
  | 'unavailable';

const checkPattern = /^([\w-]{43})\.([\w-]{43})\.([\w-]{43})$/;

interface SignOnOptions {
  config: Pick<AdminServerConfig, 'origin'>;
  kit: Kit;
  context: Pick<Context, 'pool'>;
  /** undefined: accounts have passwords only */
  provider: SignOnProvider | undefined;
  sessions: SessionPace;
}

/** Redirects browsers to the provider, and gives them a session, or the reason for a refusal, when they return. */
export function signOnRoutes({ config, kit, context, provider, sessions }: SignOnOptions): Router {
  const counted = kit.metrics.counter(
    'sign_ons_total',
    'Sign-ons by the OpenID Connect provider, by result',
    ['result'],
  );

  /** The URL of a path, as browsers see it. */
  const urlOf = (request: Request, path: string): URL =>
    new URL(path, config.origin ?? `${request.protocol}://${request.host}`);

  function tell(request: Request, response: Response, outcome: Outcome): void {
    counted.inc({ result: outcome });
    if (outcome !== 'done') {
      kit.clientLog.info(request.ip ?? '', { peer: request.ip, result: outcome }, 'console sign-on refused');
    }
    response.redirect(303, outcome === 'done' ? '/' : `/?sign-on=${outcome}`);
  }

  async function take(request: Request, response: Response): Promise<Outcome> {
    const check = checkOf(request);
    response.clearCookie(cookieOf(request), attributes(request));
    if (!provider) return 'unavailable';
    if (!check) return 'expired';
    const { token, hash } = newSession();
    const identity = await provider.finish(urlOf(request, request.originalUrl), check, networkOf(request));
    const reply = await context.pool.callOnce(
      consoles.signOn,
      {
        ...identity,
        session: hash,
        address: request.ip ?? '',
        userAgent: request.get('user-agent') ?? '',
      },
      openMs,
    );
    if (reply.result === LOG_IN_NOT_INVITED) return 'not-invited';
    if (reply.result === LOG_IN_NO_ROLE) return 'no-role';
    if (reply.result !== LOG_IN_DONE) return 'refused';
    sessions.opened(hash);
    setCookie(request, response, token);
    return 'done';
  }

  const router = Router({ caseSensitive: true });
  router.use(signOnPath, (_request, response, next) => {
    response.set('cache-control', 'no-store');
    next();
  });
  router.get(signOnPath, async (request, response) => {
    try {
      if (!provider) throw new SignOnError('unavailable');
      const { url, check } = await provider.begin(urlOf(request, callbackPath).href, networkOf(request));
      const { state, nonce, verifier } = check;
      const value = [state, nonce, verifier].join('.');
      response.cookie(cookieOf(request), value, { ...attributes(request), maxAge: signOnMs });
      counted.inc({ result: 'begun' });
      response.redirect(303, url.href);
    } catch (error) {
      tell(request, response, outcomeOf(error));
    }
  });
  router.get(callbackPath, async (request, response) => {
    tell(request, response, await take(request, response).catch(outcomeOf));
  });
  return router;

  function outcomeOf(error: unknown): Outcome {
    if (error instanceof SignOnError) return error.kind;
    if (!isTransient(error)) kit.log.error({ err: error }, 'console sign-on failed');
    return 'unavailable';
  }
}

const networkOf = ({ ip = '' }: Request) => sourceNetwork(plainAddress(ip));

/** With TLS the prefix binds the cookie to this host, like the session cookie. */
function cookieOf({ secure }: Request): string {
  return secure ? '__Host-teamtalk-sign-on' : 'teamtalk-sign-on';
}

/** `lax`, because a strict cookie would not be sent when the provider redirects the browser back. */
function attributes({ secure }: Request) {
  return { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
}

function checkOf(request: Request): Check | undefined {
  const name = `${cookieOf(request)}=`;
  const cookies = (request.get('cookie') ?? '').split(';').map((each) => each.trim());
  const value = cookies.find((each) => each.startsWith(name))?.slice(name.length) ?? '';
  const [, state, nonce, verifier] = checkPattern.exec(value) ?? [];
  return state && nonce && verifier ? { state, nonce, verifier } : undefined;
}
