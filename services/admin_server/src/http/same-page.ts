import { Problem } from '@teamtalk/administration';
import type { Request } from 'express';
import { consoleHeader } from '../api/index.js';

/**
 * Refuses changes that another page makes in the name of whoever is logged in here: browsers name the page in Origin, and
 * let it set no header of its own.
 * @param origin that of the console; undefined: the host that the request names
 * @throws Problem `wrong-origin`
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
    throw new Problem('invalid-request', 'a body is application/json');
  }
}
