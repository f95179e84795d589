import {
  type MethodDefinition,
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Kit, RpcTls } from '@teamtalk/service-kit';
import { TeamTalkError } from '@teamtalk/service-kit';
import { CallerCheck } from './callers.js';
import { serverCredentials } from './credentials.js';
import type { Method } from './definitions.js';
import { grpcStatusOf } from './errors.js';
import { flowControlWindow } from './flow-control.js';
import { carrierOf, spanOf } from './span.js';

/** A bidirectional stream, without gRPC's details. */
export interface RpcStream<In, Out> {
  onData(listener: (message: In) => void): void;
  /** Called once, when the caller ends the stream or it breaks. */
  onClose(listener: () => void): void;
  /** A no-op after close. */
  write(message: Out): void;
  /** Stops reading from the caller until `resume`: back-pressure. */
  pause(): void;
  resume(): void;
  /** Whether the caller does not read as fast as it is written to. */
  readonly congested: boolean;
}

/** Who may call: those whose certificate names them for the method, or everybody with a certificate. */
export type CallersAllowed = 'named' | 'any';

/** A handler for each method of a gRPC service. */
export type Handlers<Service> = {
  readonly [Name in keyof Service]: Service[Name] extends {
    readonly types?: [unknown, infer Request, infer Reply, unknown];
  }
    ? Service[Name] extends { readonly requestStream: true }
      ? (stream: RpcStream<Request, Reply>) => void
      : (request: Request) => Promise<Reply>
    : never;
};

const refusal = grpcStatusOf(
  new TeamTalkError('not-permitted', 'the certificate of the caller does not allow this method'),
);

/** Methods with their handlers, collected for one server. */
export class RpcServer {
  readonly #kit: Kit;
  readonly #server: Server;
  readonly #calls;
  readonly #seconds;
  readonly #definition: Record<string, MethodDefinition<unknown, unknown>> = {};
  readonly #implementation: UntypedServiceImplementation = {};
  readonly #open = new Set<ServerDuplexStream<unknown, unknown>>();
  readonly #callers: CallerCheck;

  constructor(kit: Kit) {
    this.#kit = kit;
    this.#callers = new CallerCheck(kit);
    this.#calls = kit.metrics.counter('grpc_calls_total', 'gRPC calls answered, by method and status', [
      'method',
      'code',
    ]);
    this.#seconds = kit.metrics.histogram('grpc_call_seconds', 'Time to answer a unary gRPC call', [
      'method',
    ]);
    this.#server = new Server({
      'grpc.max_receive_message_length': 16 * 1024 * 1024,
      'grpc.max_send_message_length': 64 * 1024 * 1024,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc-node.flow_control_window': flowControlWindow,
    });
  }

  /** Serves every method of a gRPC service. */
  serve<Service extends object>(service: Service, handlers: Handlers<Service>): void {
    type AnyMethod = Method<unknown, unknown, unknown, unknown>;
    for (const [name, method] of Object.entries(service) as [keyof Service, AnyMethod][]) {
      const handler = handlers[name] as (call: unknown) => Promise<unknown>;
      if (method.requestStream) this.stream(method, handler);
      else this.unary(method, handler);
    }
  }

  /** One request, one reply. A TeamTalkError's code becomes the gRPC status; other errors are logged. */
  unary<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    handler: (request: RequestOut) => Promise<ReplyIn>,
  ): void {
    const name = method.path.split('/').at(-1) ?? method.path;
    const { tracing } = this.#kit;
    const span = spanOf(method, 'server');
    const handle = tracing
      ? ({ request, metadata }: ServerUnaryCall<RequestOut, ReplyIn>) =>
          tracing.resume(span, carrierOf(metadata), () => handler(request))
      : ({ request }: ServerUnaryCall<RequestOut, ReplyIn>) => handler(request);
    const answer = (call: ServerUnaryCall<RequestOut, ReplyIn>, callback: sendUnaryData<ReplyIn>) => {
      if (!this.#callers.allows(method.path, call)) {
        this.#calls.inc({ method: name, code: 'not-permitted' });
        callback(refusal);
        return;
      }
      const stopTimer = this.#seconds.startTimer({ method: name });
      handle(call).then(
        (reply) => {
          stopTimer();
          this.#calls.inc({ method: name, code: 'ok' });
          callback(null, reply);
        },
        (error: unknown) => {
          stopTimer();
          this.#calls.inc({ method: name, code: error instanceof TeamTalkError ? error.code : 'internal' });
          if (!(error instanceof TeamTalkError) || error.code === 'internal') {
            this.#kit.log.error({ err: error, method: name }, 'gRPC call failed');
          }
          callback(grpcStatusOf(error));
        },
      );
    };
    this.#add(method, answer as UntypedServiceImplementation[string]);
  }

  /** A bidirectional stream that stays open until the caller ends it. */
  stream<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    handler: (stream: RpcStream<RequestOut, ReplyIn>) => void,
  ): void {
    const serve = (call: ServerDuplexStream<RequestOut, ReplyIn>) => {
      if (!this.#callers.allows(method.path, call)) {
        call.emit('error', refusal);
        return;
      }
      const open = call as ServerDuplexStream<unknown, unknown>;
      this.#open.add(open);
      let closed: (() => void) | undefined;
      const close = () => {
        if (!this.#open.delete(open)) return;
        closed?.();
        call.end();
      };
      call.on('end', close);
      call.on('cancelled', close);
      call.on('error', close);
      handler({
        onData: (listener) => call.on('data', listener),
        onClose: (listener) => {
          closed = listener;
        },
        write: (message) => {
          if (this.#open.has(open)) call.write(message);
        },
        pause: () => call.pause(),
        resume: () => call.resume(),
        get congested() {
          return call.writableNeedDrain;
        },
      });
    };
    this.#add(method, serve as UntypedServiceImplementation[string]);
  }

  /**
   * @param tls undefined: no TLS, and no check of callers
   * @returns the port it listens on; stopping is registered in the kit's lifecycle
   */
  async listen(
    where: { host: string; port: number },
    tls?: RpcTls,
    allowed: CallersAllowed = 'named',
  ): Promise<number> {
    if (tls && allowed === 'named') this.#callers.begin(tls.serverName);
    this.#server.addService(this.#definition as ServiceDefinition, this.#implementation);
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${where.host}:${where.port}`, serverCredentials(tls), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    this.#kit.life.onStop('gRPC server', () => this.#stop());
    return port;
  }

  #add<A, B, C, D>(method: Method<A, B, C, D>, handler: UntypedServiceImplementation[string]): void {
    this.#definition[method.path] = method as MethodDefinition<unknown, unknown>;
    this.#implementation[method.path] = handler;
  }

  async #stop(): Promise<void> {
    // Streams do not end by themselves; ending them makes callers switch to another replica.
    for (const call of this.#open) call.end();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => this.#server.forceShutdown(), 3_000);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }
}
