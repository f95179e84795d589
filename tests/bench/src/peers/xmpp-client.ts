import { connect, type Socket } from 'node:net';
import { StanzaSplitter } from './stanza-splitter.js';

/** Called with what the server sends. */
export interface XmppTraffic {
  /** The server has handled the first `count` messages that the client sent. */
  acked(client: XmppClient, count: number): void;
  message(client: XmppClient, stanza: string): void;
}

const managed = 'urn:xmpp:sm:3';

/** A client that logs in with a plain password (RFC 6120), and whose stanzas are acknowledged (XEP-0198). No TLS. */
export class XmppClient {
  readonly name: string;
  readonly index: number;
  readonly #domain: string;
  readonly #traffic: XmppTraffic;
  readonly #socket: Socket;
  readonly #splitter = new StanzaSplitter();
  /** stanzas from the server since stream management began */
  #received = 0;
  #step: (stanza: string) => void;
  #done: (error?: Error) => void = () => {};

  constructor(name: string, index: number, domain: string, port: number, traffic: XmppTraffic) {
    this.name = name;
    this.index = index;
    this.#domain = domain;
    this.#traffic = traffic;
    this.#step = () => {};
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => {
      for (const stanza of this.#splitter.push(chunk)) this.#step(stanza);
    });
    this.#socket.on('error', (error) => this.#done(error));
    this.#socket.on('close', () => this.#done(new Error(`${name}: the server closed the connection`)));
  }

  /** @throws Error when the server refuses or closes */
  async logIn(password: string): Promise<void> {
    const credentials = Buffer.from(`\0${this.name}\0${password}`).toString('base64');
    await this.#ask(this.#header, '<stream:features');
    await this.#ask(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${credentials}</auth>`,
      '<success',
    );
    await this.#ask(this.#header, '<stream:features');
    await this.#ask(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`, '<iq');
    await this.#ask(`<enable xmlns='${managed}'/>`, '<enabled');
    this.#step = (stanza) => this.#take(stanza);
    this.write('<presence/>');
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** Sends a message, and asks whether it is stored. */
  send(to: string, body: string): void {
    this.write(
      `<message type='chat' to='${to}@${this.#domain}'><body>${body}</body></message><r xmlns='${managed}'/>`,
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  get #header(): string {
    return `<?xml version='1.0'?><stream:stream to='${this.#domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
  }

  #ask(text: string, expected: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = (error) => (error ? reject(error) : resolve());
      this.#step = (stanza) =>
        this.#done(stanza.startsWith(expected) ? undefined : new Error(`${this.name}: ${stanza}`));
      this.write(text);
    });
  }

  #take(stanza: string): void {
    if (stanza.startsWith('<a ')) {
      // The presence is the first stanza.
      this.#traffic.acked(this, Number(/ h=['"](\d+)/.exec(stanza)?.[1]) - 1);
    } else if (stanza.startsWith('<r ')) {
      this.write(`<a xmlns='${managed}' h='${this.#received}'/>`);
    } else {
      this.#received++;
      if (stanza.startsWith('<message ')) this.#traffic.message(this, stanza);
    }
  }
}
