import { Problem } from '@teamtalk/administration';
import type { Request } from 'express';
import { consoleHeader } from '../api/index.js';

/**
 * Refuses changes requested by pages of other origins (CSRF). Browsers name the page's origin in the Origin header, and do not
 * let other origins set custom headers.
 * @param origin the console's origin; undefined: any with the host named in the request
 * @throws Problem `wrong-origin`, or `invalid-request` for a body that is not JSON
 */
export function requireSamePage(request: Request, origin: string | undefined): void {
  const from = request.get('origin');
  const isSame =
    from !== undefined &&
    URL.canParse(from) &&
    (origin === undefined ? new URL(from).host === request.host : from === origin);
  if (!isSame) throw new Problem('wrong-origin');
  if (request.get(consoleHeader) === undefined) {
    throw new Problem('wrong-origin', `the header ${consoleHeader} is missing`);
  }
  const type = request.get('content-type');
  if (type !== undefined && !/^application\/json\b/i.test(type)) {
    throw new Problem('invalid-request', 'the body has to be application/json');
  }
}
