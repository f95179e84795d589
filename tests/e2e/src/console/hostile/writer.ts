import type { OperationId } from '@teamtalk/admin_server';
import type { Asked, ConsoleClient } from '../../console-api/console-client.js';
import { type OpenApi, type TextField, textFieldsOf, textsIn } from './fields.js';
import { hostileText } from './texts.js';

/** Longer texts make pages slow, and show nothing else. */
const longest = 256;

/** Texts that no page shows, each with the reason. */
export const notShown: Readonly<Record<string, string>> = {
  'setUp /token': 'a secret; only its hash is stored',
  'setUp /password': 'a secret; only its hash is stored',
  'setUp /code': 'a secret; it is not stored',
  'logIn /name': 'only names of accounts have an effect, and createAccount covers those',
  'logIn /password': 'a secret; it is not stored',
  'logIn /code': 'a secret; it is not stored',
  'changeOwnPassword /current': 'a secret; it is not stored',
  'changeOwnPassword /password': 'a secret; only its hash is stored',
  'beginSecondFactor /password': 'a secret; it is not stored',
  'confirmSecondFactor /code': 'a secret; it is not stored',
  'renewRecoveryCodes /code': 'a secret; it is not stored',
  'removeSecondFactor /code': 'a secret; it is not stored',
  'createUser /password': 'a secret; only its hash is stored',
  'createBroadcast /key': 'names the request, so that it is not made twice; it is not returned',
  'announceInGroup /key': 'names the request, so that it is not made twice; it is not returned',
  'chooseUsers /users/text': 'a search; it is not stored',
  'setPushCredential /secret': 'a secret; it is stored encrypted',
  'setPushCredential /parts/*': 'push_server describes them, and storeEverywhere stores such a description',
  'setUserPicture /picture': 'a picture; nothing else is accepted',
  'setGroupPicture /picture': 'a picture; nothing else is accepted',
  'createApp /addresses/*': 'networks; nothing else is accepted',
  'changeApp /addresses/*': 'networks; nothing else is accepted',
  'createWebhook /url': 'may contain a secret; only its origin is shown',
  'changeWebhook /url': 'may contain a secret; only its origin is shown',
};

/** Whether no page shows a field: one of the above, or what a caller expects a field to be, which is only compared. */
export function isNotShown(field: string): boolean {
  return field in notShown || field.includes(' /expected/');
}

/** Calls write operations with hostile texts, and remembers which of their fields took one. */
export class HostileWriter {
  readonly fields: readonly TextField[];
  /** fields that took a hostile text, as `operation /path` */
  readonly covered = new Set<string>();
  /** texts that pages have to show */
  readonly texts = new Set<string>();
  readonly #client: ConsoleClient;
  readonly #made = new Set<string>();
  /** which of the hostile texts is used now */
  which = 0;

  constructor(client: ConsoleClient, document: OpenApi) {
    this.#client = client;
    this.fields = textFieldsOf(document);
  }

  /** Fields of the document that have taken no hostile text, and are not excepted. */
  missing(): string[] {
    const all = this.fields.map(({ operation, path }) => `${operation} ${path}`);
    return all.filter((field) => !this.covered.has(field) && !isNotShown(field));
  }

  /** A hostile text for a field. */
  text(max = longest): string {
    return this.#remember(hostileText(this.which, Math.min(max, longest)));
  }

  /** A hostile text for each field at the top of the operation's body, except those that no page shows. */
  body(id: OperationId): Record<string, string> {
    const body: Record<string, string> = {};
    for (const { operation, path, max, isUrl } of this.fields) {
      if (operation !== id || path.lastIndexOf('/') > 0 || isNotShown(`${id} ${path}`)) continue;
      if (isUrl) body[path.slice(1)] = this.#remember(`https://example.com/?${this.text()}`);
      else if (path === '/email')
        body.email = this.#remember(`${this.text(max - 2).replaceAll(/\s/g, '')}@x`);
      else body[path.slice(1)] = this.text(max);
    }
    return body;
  }

  /** @throws Error when the call is refused */
  async write(id: OperationId, asked: Asked): Promise<Record<string, number>> {
    const reply = await this.#client.done(id, asked);
    for (const [path, text] of textsIn(asked.body)) {
      if (!this.#made.has(text)) continue;
      this.covered.add(`${id} ${path}`);
      this.texts.add(text);
    }
    return reply;
  }

  /** Takes texts out that were replaced, so that no page shows them any more. */
  forget(body: object): void {
    for (const [, text] of textsIn(body)) this.texts.delete(text);
  }

  #remember(text: string): string {
    this.#made.add(text);
    return text;
  }
}
