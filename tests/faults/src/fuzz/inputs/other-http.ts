import type { ServiceName } from '@teamtalk/local-stack';
import type { Random } from '../../chaos/schedules/random.js';
import { HttpMaker, type HttpRequest } from '../making/http-maker.js';
import type { StreamInput } from '../making/input.js';
import { bytesOf, hostileText } from '../making/values.js';

const methods = ['GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'] as const;

/** Requests to a listener that has a few paths and takes no bodies. */
export class PathInputs {
  readonly #random: Random;
  readonly #http: HttpMaker;
  readonly #paths: readonly string[];

  constructor(random: Random, service: ServiceName, port: string, paths: readonly string[]) {
    this.#random = random;
    this.#http = new HttpMaker(random, { service, port });
    this.#paths = paths;
  }

  makeStream(): StreamInput {
    return this.#http.makeStream(() => this.#request(), 50);
  }

  #request(): HttpRequest {
    const random = this.#random;
    const path = random.chance(0.8)
      ? random.pick(this.#paths)
      : `/${encodeURIComponent(hostileText(random)).slice(0, 3_000)}`;
    const query = random.chance(0.1) ? `?${encodeURIComponent(hostileText(random)).slice(0, 500)}` : '';
    const method = random.pick(methods);
    const body = random.chance(0.02) ? bytesOf(random, random.between(0, 300)) : undefined;
    return { method, path: `${path}${query}`, headers: {}, body };
  }
}

/** Uploads and images. */
export class MsfsInputs {
  readonly #random: Random;
  readonly #http: HttpMaker;
  readonly #image: Buffer;
  readonly #stored: readonly string[];

  /** @param stored paths of images that are there */
  constructor(random: Random, image: Buffer, stored: readonly string[]) {
    this.#random = random;
    this.#http = new HttpMaker(random, { service: 'msfs', port: 'http' });
    this.#image = image;
    this.#stored = stored;
  }

  makeStream(): StreamInput {
    const random = this.#random;
    if (random.chance(0.9)) return this.#http.makeStream(() => this.#get(), 50);
    return this.#http.makeStream(() => this.#upload(), 3);
  }

  #get(): HttpRequest {
    const random = this.#random;
    const path = random.pick(this.#stored);
    const draw = random.next();
    const size = `${random.pick([0, 1, 50, 100, 2_048, 99_999])}x${random.pick([0, 1, 50, 100, 2_048])}`;
    const extension = random.pick(['png', 'jpg', 'gif', 'svg', '']);
    const target =
      draw < 0.5
        ? `/${path}`
        : draw < 0.6
          ? `/${path}_${size}.${extension}`
          : draw < 0.9
            ? random.pick([
                '/g0/000/000/none.png',
                '/g0/../../../etc/passwd',
                '/g0/%2e%2e%2f%2e%2e%2fetc/passwd',
                '/g0/000/000/',
                '/g0',
                '/g0/000/000/%00.png',
                '/g0/%ff',
                `/g0/000/${'x'.repeat(500)}`,
                '/',
                '/favicon.ico',
              ])
            : `/g0/${encodeURIComponent(hostileText(random)).slice(0, 2_000)}`;
    const headers: Record<string, string> = random.chance(0.2)
      ? { Range: random.pick(['bytes=0-0', 'bytes=-5', 'bytes=5-', 'bytes=99999-', 'bytes=1-0', 'items=1']) }
      : {};
    return { method: random.pick(methods), path: target, headers, body: undefined };
  }

  #upload(): HttpRequest {
    const random = this.#random;
    const boundary = random.pick(['b', 'x'.repeat(70), 'x'.repeat(300), '']);
    const used = random.chance(0.9) ? boundary : 'other';
    const name = random.pick(['a.png', '../../a.png', 'a.svg', '\0.png', `${'x'.repeat(500)}.png`, '']);
    const content = random.chance(0.3) ? this.#image : bytesOf(random, random.between(0, 2_000));
    const part = Buffer.concat([
      Buffer.from(`--${used}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n`),
      Buffer.from(random.chance(0.8) ? 'Content-Type: image/png\r\n\r\n' : '\r\n'),
      content,
      Buffer.from('\r\n'),
    ]);
    const parts = Array.from({ length: random.pick([0, 1, 1, 1, 2, 30]) }, () => part);
    let body = Buffer.concat([...parts, Buffer.from(random.chance(0.9) ? `--${used}--\r\n` : '')]);
    if (random.chance(0.1)) body = body.subarray(0, random.between(0, body.length));
    const type = random.chance(0.9) ? `multipart/form-data; boundary=${boundary}` : 'multipart/form-data';
    return { method: 'POST', path: '/', headers: { 'Content-Type': type }, body };
  }
}
