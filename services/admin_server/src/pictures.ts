import { Problem, Refusal } from '@teamtalk/administration';
import { abortAfter, type Logger } from '@teamtalk/service-kit';
import { z } from 'zod';

/** Milliseconds msfs has to take a picture. */
const uploadMs = 10_000;

/** The images that every client shows, by their first bytes. SVG is not among them: it can carry scripts. */
const kinds: readonly { ending: string; type: string; head: Buffer }[] = [
  { ending: 'jpg', type: 'image/jpeg', head: Buffer.from([0xff, 0xd8, 0xff]) },
  { ending: 'png', type: 'image/png', head: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1') },
  { ending: 'gif', type: 'image/gif', head: Buffer.from('GIF8', 'latin1') },
];

const answer = z.object({ error_code: z.literal(0), url: z.url({ protocol: /^https?$/ }).max(1024) });

/** Puts pictures of users and groups into msfs, as clients do. */
export class Pictures {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #log: Logger;

  constructor({ url, token }: { url: string; token: string }, log: Logger) {
    this.#url = url;
    this.#headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    this.#log = log;
  }

  /**
   * @returns the URL at which clients get the picture
   * @throws Refusal `not-a-picture`; Problem `unavailable` when msfs does not take it
   */
  async put(picture: Buffer<ArrayBuffer>): Promise<string> {
    const kind = kinds.find(({ head }) => picture.subarray(0, head.length).equals(head));
    if (!kind) throw new Refusal('not-a-picture');
    const body = new FormData();
    body.set('filename', new Blob([picture], { type: kind.type }), `picture.${kind.ending}`);
    try {
      return await abortAfter(uploadMs, async (signal) => {
        const response = await fetch(this.#url, { method: 'POST', headers: this.#headers, body, signal });
        // Its type is text/html, for old clients.
        return answer.parse(JSON.parse(await response.text())).url;
      });
    } catch (error) {
      this.#log.warn({ err: error }, 'picture not taken by msfs');
      throw new Problem('unavailable', 'the image server does not take the picture');
    }
  }
}
