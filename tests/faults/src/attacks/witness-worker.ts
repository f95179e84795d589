// The users who are there while others attack, in a thread of its own: what they see is not what the attacker's work in
// the same thread would delay.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { TeamTalkClient } from '@teamtalk/client';
import { loginFrame, RawConnection } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { type Noticed, p99, timesOf, type Watched } from './times.js';

/** Milliseconds between two messages, below the message rate, and between two logins. */
const messageMs = 60;
const loginMs = 150;
/** What takes longer has failed, milliseconds. */
const failedMs = 10_000;

const { port, loginServer, password, reader, writer, loginName } = workerData as Watched;
const clients = await Promise.all([connect(reader.name), connect(writer.name)]);
await timesOf(20, sendOne);
await timesOf(5, logInOnce);

let isOver = false;
parentPort?.on('message', (command: 'watch' | 'tell') => {
  if (command === 'watch') void watch();
  else isOver = true;
});
parentPort?.postMessage('ready');

async function watch(): Promise<void> {
  isOver = false;
  const [messages, logins] = await Promise.all([repeat(messageMs, sendOne), repeat(loginMs, logInOnce)]);
  parentPort?.postMessage({ messages: p99(messages), logins: p99(logins) } satisfies Noticed);
}

async function repeat(pauseMs: number, action: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  while (!isOver) {
    taken.push(...(await timesOf(1, action, failedMs)));
    await delay(pauseMs);
  }
  return taken;
}

async function connect(name: string): Promise<TeamTalkClient> {
  const client = new TeamTalkClient({ reconnect: false, host: '127.0.0.1', port });
  await client.login({ name, password });
  return client;
}

async function sendOne(): Promise<void> {
  await Promise.all([clients[0]!.nextMessage(failedMs), clients[1]!.send({ user: reader.id }, 'hello')]);
}

/** As a client does it: asks login_server, then logs in. */
async function logInOnce(): Promise<void> {
  const request = get({ host: '127.0.0.1', port: loginServer, path: '/msg_server', agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  const raw = await RawConnection.open(port);
  try {
    await raw.send(loginFrame({ name: loginName, password, clientType: ClientType.WINDOWS }));
    await raw.receive(Commands.LoginResUserlogin, undefined, failedMs);
  } finally {
    raw.close();
  }
}
