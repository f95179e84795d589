import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitUntil } from '@teamtalk/local-stack';

/** A span as the collector got it. */
export interface CollectedSpan {
  /** service.name and service.instance.id of who sent it */
  service: string;
  instance: string;
  name: string;
  traceId: string;
  spanId: string;
  /** '': none */
  parentSpanId: string;
  links: { traceId: string; spanId: string }[];
  attributes: Record<string, string | number | boolean>;
  events: string[];
  failed: boolean;
}

type Value = { stringValue?: string; intValue?: number; doubleValue?: number; boolValue?: boolean };
type Attributes = { key: string; value: Value }[];

/** The parts of OTLP's JSON that are read here. */
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        links?: { traceId: string; spanId: string }[];
        attributes: Attributes;
        events: { name: string }[];
        status: { code?: number };
      }[];
    }[];
  }[];
}

const statusError = 2;

/** An OpenTelemetry collector that takes traces by OTLP over HTTP (JSON) and keeps them. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  readonly #held: ServerResponse[] = [];
  readonly #server = createServer((request, response) => {
    if (this.hangs) {
      request.resume();
      this.#held.push(response);
      return;
    }
    this.#take(request).then(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      (error: unknown) => response.writeHead(400).end(String(error)),
    );
  });
  /** Reads requests without answering them. */
  hangs = false;

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Unanswered requests. */
  get held(): number {
    return this.#held.length;
  }

  /** Answers again, and refuses the waiting requests. */
  resume(): void {
    this.hangs = false;
    for (const response of this.#held.splice(0)) response.writeHead(400).end();
  }

  /** Waits until the spans of a trace, among them as many as given by each name, are there. */
  async trace(traceId: string, counts: Readonly<Record<string, number>>): Promise<CollectedSpan[]> {
    const spans = () => this.spans.filter((span) => span.traceId === traceId);
    const missing = () =>
      Object.entries(counts).filter(
        ([name, count]) => spans().filter((span) => span.name === name).length < count,
      );
    await waitUntil(() => missing().length === 0, {
      timeoutMs: 20_000,
      what: `the trace with ${JSON.stringify(counts)}`,
    });
    return spans();
  }

  /** Waits for one span that `where` names. */
  async span(where: (span: CollectedSpan) => boolean): Promise<CollectedSpan> {
    await waitUntil(() => this.spans.some(where), { timeoutMs: 20_000, what: 'a span' });
    return this.spans.find(where) as CollectedSpan;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url !== '/v1/traces') throw new Error(`not ${request.url}`);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      const { 'service.name': service, 'service.instance.id': instance } = valuesOf(resource.attributes);
      for (const { parentSpanId = '', links = [], attributes, events, status, ...span } of scopeSpans.flatMap(
        (each) => each.spans,
      )) {
        this.spans.push({
          service: String(service),
          instance: String(instance),
          name: span.name,
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId,
          links,
          attributes: valuesOf(attributes),
          events: events.map(({ name }) => name),
          failed: status.code === statusError,
        });
      }
    }
  }
}

function valuesOf(attributes: Attributes): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue ?? '',
    ]),
  );
}
