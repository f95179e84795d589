import { testPassword } from '@teamtalk/cluster';
import type { ServiceName } from '@teamtalk/local-stack';
import { Random } from '../chaos/schedules/random.js';
import { AdminServerInputs } from './inputs/admin-server.js';
import { BusInputs } from './inputs/bus.js';
import { FileServerInputs } from './inputs/file-server.js';
import { CallInputs } from './inputs/grpc.js';
import { HttpApiInputs } from './inputs/http-msg-server.js';
import { LoginServerInputs } from './inputs/login-server.js';
import { MsgServerInputs } from './inputs/msg-server.js';
import { MsfsInputs, PathInputs } from './inputs/other-http.js';
import { WebSocketInputs } from './inputs/web-socket.js';
import type { Input, ListenerName } from './making/input.js';
import { listenerNames } from './making/input.js';
import type { Installation } from './testbed/installation.js';

/** One listener under fuzz. */
export interface Listener {
  name: ListenerName;
  /** inputs at a time */
  lanes: number;
  /** the inputs of one lane */
  lane: (k: number) => () => Input;
  /** what its server has handled, from its own metrics */
  counted: Counted;
}

/** Metrics whose sum is what a server has handled. */
export interface Counted {
  service: ServiceName;
  metrics: readonly string[];
  what: 'PDUs' | 'requests' | 'events' | 'calls';
}

const lanes: Record<ListenerName, number> = {
  msg_server: 128,
  websocket: 24,
  file_server: 24,
  login_server: 12,
  login_http: 4,
  http_msg_server: 12,
  msfs: 8,
  web_server: 4,
  push_service: 4,
  ops: 2,
  bus: 4,
  grpc: 8,
  file_websocket: 24,
  admin_server: 8,
};

const counted: Record<ListenerName, Counted> = {
  msg_server: { service: 'msg_server', metrics: ['pdus_received_total'], what: 'PDUs' },
  websocket: { service: 'msg_server', metrics: ['pdus_received_total'], what: 'PDUs' },
  file_server: { service: 'file_server', metrics: ['pdus_received_total'], what: 'PDUs' },
  login_server: {
    service: 'login_server',
    metrics: ['tcp_bad_pdus_total', 'msg_server_answers_total'],
    what: 'PDUs',
  },
  login_http: {
    service: 'login_server',
    metrics: ['http_requests_total', 'http_refused_total'],
    what: 'requests',
  },
  http_msg_server: {
    service: 'http_msg_server',
    metrics: ['http_requests_total', 'v1_requests_total', 'hook_posts_total', 'http_refused_total'],
    what: 'requests',
  },
  msfs: { service: 'msfs', metrics: ['http_requests_total', 'http_refused_total'], what: 'requests' },
  web_server: {
    service: 'web_server',
    metrics: ['http_requests_total', 'http_refused_total'],
    what: 'requests',
  },
  push_service: {
    service: 'push_server',
    metrics: ['http_requests_total', 'http_refused_total'],
    what: 'requests',
  },
  // Without metrics: what was answered.
  ops: { service: 'msg_server', metrics: [], what: 'requests' },
  bus: { service: 'msg_server', metrics: [], what: 'events' },
  grpc: { service: 'db_proxy_server', metrics: ['grpc_calls_total'], what: 'calls' },
  file_websocket: { service: 'file_server', metrics: ['pdus_received_total'], what: 'PDUs' },
  admin_server: { service: 'admin_server', metrics: ['requests_total'], what: 'requests' },
};

/** Names of users that lanes of clients log in with. */
const usersOfLane = 2;

/** How many users the lanes of clients log in with. */
export function fuzzersOf(part: number): number {
  return usersOfLane * (lanesOf('msg_server', part) + lanesOf('websocket', part));
}

/** @param part of the usual number of lanes */
function lanesOf(name: ListenerName, part: number): number {
  return Math.ceil(lanes[name] * part);
}

export interface ListenersOptions {
  seed: number;
  /** of the usual number of inputs at a time */
  part: number;
  /** PDUs of one connection at most */
  pdusOfConnection: number;
}

/** Every listener of an installation; lane k of a listener always makes the same inputs from the same seed. */
export function listenersOf(
  installation: Installation,
  { seed, part, pdusOfConnection }: ListenersOptions,
): Listener[] {
  const { known, puppets, fuzzers, tasks, document, keys, image, stored, cluster, services } = installation;
  const { consoleDocument, consoleSessions } = installation;
  const clients = (random: Random, k: number) =>
    new MsgServerInputs(random, known, {
      names: fuzzers.slice(k * usersOfLane, (k + 1) * usersOfLane),
      password: testPassword,
      most: pdusOfConnection,
    });
  const files = (random: Random) => new FileServerInputs(random, { ...known, tasks: [] }, tasks);
  const makers: Record<ListenerName, (random: Random, k: number) => () => Input> = {
    msg_server: (random, k) => {
      const inputs = clients(random, k);
      return () => inputs.makeStream();
    },
    websocket: (random, k) => {
      const inputs = new WebSocketInputs(
        random,
        'msg_server',
        clients(random, lanesOf('msg_server', part) + k),
      );
      return () => inputs.makeStream();
    },
    file_server: (random) => {
      const inputs = files(random);
      return () => inputs.makeStream();
    },
    login_server: (random) => {
      const inputs = new LoginServerInputs(random, known);
      return () => inputs.makeStream();
    },
    login_http: (random) => {
      const paths = ['/msg_server', '/status', '/', '/msg_server/', '//msg_server', '*'];
      const inputs = new PathInputs(random, 'login_server', 'http', paths);
      return () => inputs.makeStream();
    },
    http_msg_server: (random) => {
      const inputs = new HttpApiInputs(random, puppets, document, keys);
      return () => inputs.makeStream();
    },
    msfs: (random) => {
      const inputs = new MsfsInputs(random, image, stored);
      return () => inputs.makeStream();
    },
    web_server: (random) => {
      const paths = [
        '/',
        '/config.json',
        '/index.html',
        '/assets/',
        '/assets/../../package.json',
        '/%2e%2e/',
        '/%',
      ];
      const inputs = new PathInputs(random, 'web_server', 'http', paths);
      return () => inputs.makeStream();
    },
    push_service: (random) => {
      const paths = [
        '/upAAAAAAAAAAAA?up=1',
        '/upAAAAAAAAAAAA/auth',
        '/upAAAAAAAAAAAA,upBBBBBBBBBBBB/json?poll=1',
        '/upAAAAAAAAAAAA/json?poll=1&since=kz0a1b2c-1',
        '/upAAAAAAAAAAAA/ws',
        '/up',
        '/,,,/json',
        '/%',
      ];
      const inputs = new PathInputs(random, 'push_server', 'http', paths);
      return () => inputs.makeStream();
    },
    ops: (random) => {
      const paths = ['/metrics', '/healthz', '/readyz', '/', '/metrics/', '/debug'];
      const all = services.map((service) => new PathInputs(random, service, 'ops', paths));
      return () => random.pick(all).makeStream();
    },
    bus: (random) => {
      const instances = services
        .filter((service) => service !== 'msfs')
        .map((service) => cluster.node(service).instance);
      const inputs = new BusInputs(random, puppets, instances);
      return () => inputs.make();
    },
    grpc: (random) => {
      const inputs = new CallInputs(random, puppets);
      return () => inputs.make();
    },
    file_websocket: (random) => {
      const inputs = new WebSocketInputs(random, 'file_server', files(random));
      return () => inputs.makeStream();
    },
    admin_server: (random) => {
      const inputs = new AdminServerInputs(random, puppets, consoleDocument, consoleSessions);
      return () => inputs.makeStream();
    },
  };
  return listenerNames.map((name, index) => ({
    name,
    lanes: lanesOf(name, part),
    lane: (k) => makers[name](new Random(seed, index, k), k),
    counted: counted[name],
  }));
}
