import { once } from 'node:events';
import { connect } from 'node:net';
import { Commands as C } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { check } from '../match.js';
import type { Target } from '../target.js';

/** What Mac and iOS clients' HTTP library takes an answer with; a character set may follow. */
const libraryType = 'text/html';

/** The smallest picture there is: one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

interface Answer {
  status: number;
  /** media type, without what follows it */
  type: string;
  text: string;
}

/** Posts bytes as they are. @param head request line and headers, without those about length and host */
async function post(target: Target, head: readonly string[], body: Buffer): Promise<Answer> {
  const { hostname, port } = new URL(target.msfs!);
  const socket = connect(Number(port || 80), hostname);
  try {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const lines = [...head, `Host:${hostname}:${port || 80}`, `Content-Length: ${body.length}`, '', ''];
    socket.write(lines.join('\r\n'));
    socket.write(body);
    const signal = AbortSignal.timeout(target.deadlineMs);
    for (;;) {
      const answer = answerIn(Buffer.concat(chunks));
      if (answer) return answer;
      await once(socket, 'data', { signal });
    }
  } catch (error) {
    throw new Error('msfs does not answer', { cause: error });
  } finally {
    socket.destroy();
  }
}

/** The whole answer, as soon as it is there. */
function answerIn(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [status = '', ...headers] = bytes.toString('latin1', 0, end).split('\r\n');
  const headerOf = (name: string) =>
    headers.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1);
  const content = bytes.subarray(end + 4);
  if (content.length < Number(headerOf('content-length') ?? Number.NaN)) return undefined;
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(status)?.[1]),
    type: (headerOf('content-type') ?? '').split(';')[0]!.trim(),
    text: content.toString(),
  };
}

function fieldsOf(text: string): Record<string, unknown> {
  check(!text.trimEnd().includes('\n'), 'more than one line');
  return JSON.parse(text) as Record<string, unknown>;
}

async function expectImage({ deadlineMs }: Target, url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) });
  check(Buffer.from(await response.arrayBuffer()).equals(png), `not the image at ${url}`);
}

const boundary = 'Boundary+0123456789ABCDEF';

/** What the library of Mac and iOS clients makes of an image: a field, the file, CRLF between the parts. */
function libraryForm(content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="type"\r\n\r\nim_image` +
        `\r\n--${boundary}\r\nContent-Disposition: form-data; name="image"; ` +
        'filename="image.png_320.000000x240.000000.png"\r\nContent-Type: image/jpeg\r\n\r\n',
    ),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

const libraryHead = [
  'POST / HTTP/1.1',
  `Content-Type: multipart/form-data; boundary=${boundary}`,
  'Accept-Language: zh-Hans;q=1',
  'User-Agent: TeamTalk/1.0 (iPhone; iOS 8.4; Scale/2.00)',
];

/** What a Windows client makes of an image. @param name bytes of the file's name before its size is put behind it */
function windowsForm(name: Buffer): { head: string[]; body: Buffer } {
  const windowsBoundary = '----__q7Wd0fK3mZ1xVb';
  return {
    head: [
      'POST /upload/ HTTP/1.1',
      'Accept: */*',
      'Connection: Keep-Alive',
      `Content-Type: multipart/form-data; boundary=${windowsBoundary}`,
    ],
    body: Buffer.concat([
      Buffer.from(`--${windowsBoundary}\r\ncontent-disposition: form-data; name="image"; filename="`),
      name,
      Buffer.from('.png_320x240.png"\r\ncontent-type: image/.png\r\n\r\n'),
      png,
      Buffer.from(`\r\n--${windowsBoundary}--\r\n`),
    ]),
  };
}

/** Uploads of images, byte by byte as the old clients make them (client-behaviour.md#uploads). */
export const imageCases: readonly Case[] = [
  script({
    name: 'images/iOS and Mac: the answer to an upload is one their library takes',
    commands: [C.MsgData],
    is: 'client habit',
    proves: ['client-upload-type'],
    needs: ['msfs'],
    // Somebody is logged in from there.
    given: { uploader: 'a' },
    run: async (_, { target }) => {
      const { status, type, text } = await post(target, libraryHead, libraryForm(png));
      check(status === 200, `status ${status}`);
      check(type === libraryType, `content type ${type}`);
      const { error_code: code, url } = fieldsOf(text);
      check(code === 0 && typeof url === 'string', `answer ${text}`);
      await expectImage(target, url);
    },
  }),
  script({
    name: 'images/iOS and Mac: so is the refusal of one',
    commands: [C.MsgData],
    is: 'refusal',
    onOriginal: 'untried',
    proves: ['client-upload-type'],
    needs: ['msfs'],
    // Somebody is logged in from there.
    given: { uploader: 'a' },
    run: async (_, { target }) => {
      const noFile = Buffer.from(`--${boundary}--\r\n`);
      for (const body of [libraryForm(Buffer.alloc(0)), noFile]) {
        const { type, text } = await post(target, libraryHead, body);
        check(type === libraryType, `content type ${type}`);
        check(fieldsOf(text).error_code !== 0, `answer ${text}`);
      }
    },
  }),
  ...(
    [
      ['a name', Buffer.from('screenshot')],
      // 截图
      ['a name in GBK', Buffer.from('bdd8cdbc', 'hex')],
      // 乗, whose second byte is a backslash
      ['a name in GBK with a backslash in it', Buffer.from('815c', 'hex')],
      ['a name in UTF-8', Buffer.from('截图')],
    ] as const
  ).map(([what, name]) =>
    script({
      name: `images/Windows: an upload to /upload/ under ${what} is answered with 200 and the path`,
      commands: [C.MsgData],
      is: 'client habit',
      proves: ['client-upload-path'],
      needs: ['msfs'],
      // Somebody is logged in from there.
      given: { uploader: 'a' },
      run: async (_, { target }) => {
        const { head, body } = windowsForm(name);
        const { status, text } = await post(target, head, body);
        check(status === 200, `status ${status}`);
        const { error_code: code, path } = fieldsOf(text);
        check(code === 0 && typeof path === 'string' && path !== '', `answer ${text}`);
        check(path.endsWith('_320x240.png'), `the size is not in ${path}`);
        await expectImage(target, `${target.msfs}/${path}`);
      },
    }),
  ),
];
