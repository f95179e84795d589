import { testPassword } from '@teamtalk/cluster';
import { Conversation } from '@teamtalk/load-generator';
import { FaultProxy, waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, type Pdu, PduDecoder } from '@teamtalk/protocol';
import { Load } from '../clients/load.js';
import { SdkClient } from '../clients/sdk-client.js';
import type { TestChaosCluster } from '../testbed/test-chaos-cluster.js';
import type { Fault } from './fault.js';

const mostClients = 40;
const limitMs = 600_000;

/**
 * The client's socket is cut in place of each message's first ack, when the message is stored already; the client sends
 * it again.
 * @param cuts how many times
 */
export function cutBeforeAck(cuts: number): Fault {
  return {
    name: 'cut-before-ack',
    title: `socket cut between commit and ack, ${cuts} times`,
    rounds: 1,
    async inject(testbed, { ended, note, index }) {
      const seen = new Set<string>();
      const proxy = await FaultProxy.start(() => testbed.msgServers);
      testbed.onStop(() => proxy.close());
      proxy.cutBefore = (bytes) => {
        const first = acksIn(bytes).filter((ack) => !seen.has(ack));
        if (seen.size >= cuts) return false;
        for (const ack of first) seen.add(ack);
        return first.length > 0;
      };
      const clients = Math.min(mostClients, 2 * Math.ceil(cuts / 20));
      const load = await populate(testbed, proxy, `cut${index}`, clients);
      load.start();
      await waitUntil(() => seen.size >= cuts, { timeoutMs: limitMs, everyMs: 50, what: 'the last cut' });
      ended();
      await load.pause();
      note(
        `${seen.size} acks withheld, ${load.acks} messages acked in the end, ${load.breaks} broken connections`,
      );
    },
  };
}

/** The acks in bytes of a server, as sender, conversation and id. */
function acksIn(bytes: Buffer): string[] {
  const decoder = new PduDecoder(bytes.length + 1);
  const acks: string[] = [];
  try {
    // A PDU in several pieces is too long to be an ack.
    decoder.push(Buffer.from(bytes));
    for (let pdu: Pdu | undefined = decoder.next(); pdu; pdu = decoder.next()) {
      if (pdu.commandId !== Commands.MsgDataAck.id) continue;
      const { userId, sessionId, msgId } = decodeBody(Commands.MsgDataAck, pdu.body);
      acks.push(`${userId} ${sessionId} ${msgId}`);
    }
  } catch {
    // Not the beginning of a PDU.
  }
  return acks;
}

async function populate(
  { cluster, ledger, onStop }: TestChaosCluster,
  { port }: FaultProxy,
  prefix: string,
  clients: number,
): Promise<Load> {
  const names = Array.from({ length: clients }, (_, i) => `${prefix}-${i}`);
  const idOf = await cluster.addUsers(names);
  const ids = names.map((name) => idOf[name]!);
  const simulatedClients = names.map((name, i) => {
    const conversations = [ledger.add(Conversation.pair(ids[i]!, ids[i ^ 1]!))];
    const options = { ledger, name, userId: ids[i]!, password: testPassword, port, paceMs: 1, conversations };
    return new SdkClient({ ...options, reconnectMs: 10 });
  });
  for (const simulatedClient of simulatedClients) await simulatedClient.logIn();
  const load = new Load(simulatedClients);
  onStop(() => load.close());
  return load;
}
