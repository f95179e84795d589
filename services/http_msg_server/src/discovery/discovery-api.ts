import { isScriptUrl } from '@teamtalk/administration';
import { plainAddress } from '@teamtalk/net';
import { isTransient, sourceNetwork } from '@teamtalk/service-kit';
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express';
import type { ApiOptions } from '../http/api-options.js';
import { KeyedPace, type Pace } from '../http/keyed-pace.js';
import { ErrorCode, legacyAnswer } from '../legacy/legacy-answer.js';
import { type DiscoveryItem, DiscoveryList } from './discovery-list.js';
import {
  contentSecurityPolicy,
  discoveryPage,
  type Language,
  languages,
  unavailablePage,
} from './discovery-page.js';

export const discoveryPath = '/api/discovery';

/** For one network: a company's clients, which all ask after a restart, often share an address. */
const asks: Pace = { perSecond: 20, burst: 500 };

const contentTypes = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
} as const;

type Format = keyof typeof contentTypes;

interface Rendered {
  readonly json: string;
  readonly html: Readonly<Record<Language, string>>;
}

/**
 * `GET /api/discovery`, without a key: the list of discovery pages, as the original's administration answered it to clients
 * (client-behaviour.md#the-discovery-list). A browser gets a page with links instead.
 */
export function discoveryApi({ kit, context }: ApiOptions): RequestHandler {
  const { clientLog, health, log, metrics } = kit;
  const answered = metrics.counter('discovery_requests_total', 'Requests for the discovery list, by status', [
    'status',
  ]);
  const list = new DiscoveryList(kit, context.pool, render);
  const pace = new KeyedPace();

  function answer(
    response: Response,
    format: Format,
    status: number,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    answered.inc({ status: String(status) });
    if (response.headersSent || response.destroyed) return;
    if (health.draining) response.set('connection', 'close');
    response.set({
      'content-type': contentTypes[format],
      'cache-control': status === 200 ? 'public, max-age=1' : 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      vary: 'Accept, Accept-Language',
      ...(format === 'html' && { 'content-security-policy': contentSecurityPolicy }),
      ...headers,
    });
    response.status(status).send(Buffer.from(body));
  }

  const refuse = (request: Request, response: Response, status: number, headers: Record<string, string>) => {
    const format = formatFor(request);
    const json = legacyAnswer(ErrorCode.SERVER_ERROR);
    answer(
      response,
      format,
      status,
      format === 'json' ? json : unavailablePage(languageFor(request)),
      headers,
    );
  };

  const serve: RequestHandler = async (request, response) => {
    response.locals.route = discoveryPath;
    const network = sourceNetwork(plainAddress(request.ip ?? ''));
    const waitMs = pace.waitMs(network, asks);
    if (waitMs > 0) {
      clientLog.info(request.ip ?? '', { peer: request.ip }, 'request for the discovery list refused');
      refuse(request, response, 429, { 'retry-after': String(Math.ceil(waitMs / 1_000)) });
      return;
    }
    pace.take(network, asks);
    const current = await list.current();
    if (!current) {
      refuse(request, response, 503, { 'retry-after': '1' });
      return;
    }
    const format = formatFor(request);
    answer(response, format, 200, format === 'json' ? current.json : current.html[languageFor(request)]);
  };

  // Express recognises an error handler by its four parameters.
  const failed: ErrorRequestHandler = (error, request, response, _next) => {
    if (!isTransient(error)) log.error({ err: error }, 'request for the discovery list failed');
    refuse(request, response, 500, {});
  };

  const router = Router({ caseSensitive: true });
  router.get(discoveryPath, serve);
  router.all(discoveryPath, (_request, response) => {
    answer(response, 'json', 405, legacyAnswer(ErrorCode.BAD_PARAMETER), { allow: 'GET, HEAD' });
  });
  router.use(failed);
  return router;
}

/** Old clients accept anything or do not say what they accept. */
function formatFor(request: Request): Format {
  return request.accepts(['json', 'html']) === 'html' ? 'html' : 'json';
}

function languageFor(request: Request): Language {
  return (request.acceptsLanguages([...languages, 'zh']) || 'en') === 'en' ? 'en' : 'zh-CN';
}

/** Every value is a text, as PHP read it from MySQL. Old clients open an address without looking at it. */
function render(items: readonly DiscoveryItem[]): Rendered {
  const safe = items.filter(({ url }) => !isScriptUrl(url));
  return {
    json: JSON.stringify(
      safe.map(({ name, url, priority }) => ({
        itemName: name,
        itemUrl: url,
        itemPriority: String(priority),
      })),
    ),
    html: { 'zh-CN': discoveryPage(items, 'zh-CN'), en: discoveryPage(items, 'en') },
  };
}
