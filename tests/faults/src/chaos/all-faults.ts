import type { ServiceName } from '@teamtalk/local-stack';
import { clocks } from './faults/clocks.js';
import { cutBeforeAck } from './faults/cut-before-ack.js';
import { diskFull } from './faults/disk-full.js';
import { killPrimary, silencePrimary } from './faults/fail-over.js';
import { type Fault, nothing } from './faults/fault.js';
import { block, cut, delay, loss } from './faults/links.js';
import { freeze, kill, rollingRestart } from './faults/processes.js';
import { freezePostgres, killServer } from './faults/servers.js';
import { slowReaders } from './faults/slow-readers.js';
import {
  aimed,
  blockedCallers,
  clockSteps,
  longDoubt,
  natsLostAfterClockStep,
  oneWayPartitions,
  overlapping,
  pausesBelowLimits,
} from './schedules/scheduled-faults.js';

const onTheWay = ['msg_server', 'route_server', 'db_proxy_server', 'http_msg_server'] as const;
/** Services that messages do not pass through. */
export const aside: readonly ServiceName[] = ['login_server', 'file_server', 'msfs'];
const both = ['postgres', 'nats'] as const;
const freezeMs = 30_000;

/** Every fault, in the order of the table. */
export const faults: readonly Fault[] = [
  nothing,
  ...[...onTheWay, ...aside].map(kill),
  ...onTheWay.map((service) => freeze(service, freezeMs)),
  rollingRestart,
  killServer('postgres'),
  freezePostgres(freezeMs),
  killPrimary,
  silencePrimary,
  killServer('nats'),
  ...both.map((which) => cut(which, 3_000)),
  ...both.map((which) => block(which, 10_000)),
  ...both.map(delay),
  ...both.map(loss),
  cutBeforeAck(10_000),
  slowReaders(500),
  clocks,
  clockSteps,
  natsLostAfterClockStep,
  ...pausesBelowLimits,
  longDoubt,
  blockedCallers,
  ...oneWayPartitions,
  ...aimed,
  overlapping(1),
  diskFull,
];
