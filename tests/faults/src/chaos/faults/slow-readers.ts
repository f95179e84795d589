import { readFileSync } from 'node:fs';
import { createGroup } from '@teamtalk/cluster';
import type { RawConnection } from '@teamtalk/local-stack';
import { ClientType, MsgType } from '@teamtalk/protocol';
import type { TestChaosCluster } from '../testbed/test-chaos-cluster.js';
import { type Fault, pause } from './fault.js';

const calmMs = 15_000;
/** How long the flood goes on, first while all read and then while none does, milliseconds. */
const writeMs = 40_000;
const messageBytes = 64 * 1024;
const messagesPerSecond = 4;

/** Members of a flooded group that stop reading. */
export function slowReaders(count: number): Fault {
  return {
    name: 'slow-readers',
    title: `${count} clients that stop reading`,
    rounds: 1,
    async inject(testbed, { ended, note, index }) {
      const { cluster } = testbed;
      const calm = await measured(testbed, () => pause(calmMs));
      const names = Array.from({ length: count }, (_, i) => `slow${index}-${i}`);
      const ids = Object.values(await cluster.addUsers([`flood${index}`, ...names]));
      const flood = await cluster.connect(`flood${index}`);
      const groupId = await createGroup(flood, ids);
      const readers = await Promise.all(names.map((name, i) => logIn(testbed, name, i % 2)));
      const idle = memoryOf(testbed);
      let most = idle;
      const content = Buffer.alloc(messageBytes, 'x');
      const write = async (forMs: number) => {
        for (const end = performance.now() + forMs; performance.now() < end; ) {
          flood.send({ group: groupId }, content, { type: MsgType.GROUP_TEXT }).catch(() => {});
          await pause(1_000 / messagesPerSecond);
          most = Math.max(most, memoryOf(testbed));
        }
      };
      const read = await measured(testbed, () => write(writeMs));
      for (const { socket } of readers) socket.pause();
      const unread = await measured(testbed, () => write(writeMs));
      ended();
      await flood.close();
      const cutOff = await Promise.all(
        [0, 1].map((k) =>
          cluster.metric('msg_server', k, 'connections_closed_total', { reason: 'slow-reader' }),
        ),
      );
      note(
        `send to delivery of the others: ${textOf(calm)} before, ${textOf(read)} while all read, ${textOf(unread)} ` +
          `while none of the ${count} does, p99 ${(unread.p99 / read.p99).toFixed(1)} times as long; largest msg_server ${mib(idle)} before, ${mib(most)} at most; ` +
          `${cutOff[0]! + cutOff[1]!} disconnected`,
      );
    },
  };
}

/** Milliseconds from sending to delivery. */
interface Latency {
  p50: number;
  p99: number;
}

/** Send to delivery of everybody else's messages during some work. */
async function measured({ ledger }: TestChaosCluster, work: () => Promise<void>): Promise<Latency> {
  const begun = performance.now();
  await work();
  const sorted = ledger.latencies(begun, performance.now() - 1_000).sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

function textOf({ p50, p99 }: Latency): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`;
}

async function logIn({ cluster }: TestChaosCluster, name: string, server: number): Promise<RawConnection> {
  const connection = await cluster.logInRaw(name, { server, clientType: ClientType.ANDROID });
  // What comes is thrown away.
  connection.socket.removeAllListeners('data');
  connection.socket.on('data', () => {});
  return connection;
}

/** Resident memory of the larger msg_server, bytes. */
function memoryOf({ cluster }: TestChaosCluster): number {
  return Math.max(
    ...[0, 1].map((k) => {
      const status = readFileSync(`/proc/${cluster.node('msg_server', k).pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    }),
  );
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
