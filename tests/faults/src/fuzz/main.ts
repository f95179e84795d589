import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fromJson, type ListenerName, listenerNames, toJson } from './making/input.js';
import { replay } from './replay.js';
import { type FuzzResult, fuzz, type Part } from './run.js';

const usage = `npm run fuzz -- [--seed N] [--minutes N] [--only NAME,…] [--full] [--json FILE]
npm run fuzz -- --replay FILE

Sends an installation of its own, on loopback, what no client, caller or service should send, and judges what comes of it.

  --seed     of all inputs; drawn and printed when not given
  --minutes  at most; 2 by default, and 70 with --full
  --warm-up  seconds before memory is looked at for the first time; 20 by default
  --settle   seconds between the end and the last look at memory; 60 by default
  --full     one listener after the other until its server has counted enough: ten million PDUs of msg_server by TCP, a
             million by WebSocket and of each other TCP listener, a million requests by HTTP
  --part     of these numbers, above 0 and at most 1, which is the default
  --only     some of: ${listenerNames.join(', ')}
  --go-on    does not end with the first thing that goes wrong
  --json     also writes the report to a file
  --replay   sends what a failure has left in its file once more, and finds out which of it is needed
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    'warm-up': { type: 'string', default: '20' },
    settle: { type: 'string', default: '60' },
    full: { type: 'boolean', default: false },
    part: { type: 'string', default: '1' },
    only: { type: 'string' },
    'go-on': { type: 'boolean', default: false },
    json: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const print = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.replay) {
    const failure = fromJson(await readFile(values.replay, 'utf8'));
    const needed = await replay(failure.inputs, print);
    print(needed ? `needed: ${toJson({ ...failure, inputs: needed })}` : 'nothing went wrong');
    if (needed) process.exitCode = 1;
    return;
  }
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const only = values.only?.split(',') as ListenerName[] | undefined;
  const unknown = only?.find((name) => !listenerNames.includes(name));
  if (unknown !== undefined) throw new Error(`there is no listener ${unknown}\n\n${usage}`);
  print(`seed ${seed}`);
  const share = Number(values.part);
  if (!(share > 0 && share <= 1)) throw new Error(`--part is above 0 and at most 1\n\n${usage}`);
  const parts = values.full ? fullParts(share) : [atOnce(listenerNames)];
  const result = await fuzz({
    seed,
    part: 1,
    parts: only ? onlyOf(parts, only) : parts,
    maxMs: Number(values.minutes ?? (values.full ? 70 : 2)) * 60_000,
    warmUpMs: Number(values['warm-up']) * 1_000,
    settleMs: Number(values.settle) * 1_000,
    stopsAtFirst: !values['go-on'],
    pdusOfConnection: 3_000,
    limits: {
      heapMib: 24,
      rssMib: 150,
      descriptors: 20,
      stallMs: 2_000,
      busyMs: 1_000,
      witnessP99Ms: 2_000,
      warningsPerKind: 1_000,
    },
    report: print,
  });
  print(describe(result));
  const { suspects, ...report } = result;
  if (values.json) await writeFile(values.json, `${JSON.stringify({ seed, ...report }, undefined, 2)}\n`);
  if (result.problems.length === 0) return;
  process.exitCode = 1;
  const file = `fuzz-failure-${seed}.json`;
  await writeFile(file, toJson({ seed, problems: result.problems, inputs: suspects }));
  print(`what was on its way is in ${file}: npm run fuzz -- --replay ${file}`);
}

/** All of them until time is up. */
function atOnce(names: readonly ListenerName[]): Part {
  return { goals: Object.fromEntries(names.map((name) => [name, Infinity])) };
}

function fullParts(share: number): Part[] {
  const all: Part['goals'][] = [
    { msg_server: 10_000_000 },
    { websocket: 1_000_000 },
    { file_server: 1_000_000, login_server: 1_000_000 },
    { file_websocket: 300_000 },
    {
      login_http: 400_000,
      msfs: 400_000,
      web_server: 400_000,
      push_service: 400_000,
      http_msg_server: 190_000,
      ops: 10_000,
    },
    { bus: 10_000, grpc: 100_000 },
    { admin_server: 100_000 },
  ];
  return all.map((goals) => ({
    goals: Object.fromEntries(Object.entries(goals).map(([name, goal]) => [name, Math.ceil(goal * share)])),
  }));
}

function onlyOf(parts: readonly Part[], only: readonly ListenerName[]): Part[] {
  return parts
    .map(({ goals }) => ({
      goals: Object.fromEntries(
        Object.entries(goals).filter(([name]) => only.includes(name as ListenerName)),
      ),
    }))
    .filter(({ goals }) => Object.keys(goals).length > 0);
}

function describe({
  problems,
  handled,
  inputs,
  witness,
  warnings,
  closed,
  isPaused,
  before,
  after,
  seconds,
}: FuzzResult): string {
  const lines = [`${seconds} s`];
  for (const [name, { count, what }] of Object.entries(handled)) {
    const endings = Object.entries(inputs[name as ListenerName] ?? {}).map(
      ([ending, times]) => `${ending} ${times}`,
    );
    lines.push(`${name}: ${count} ${what} handled; inputs: ${endings.join(', ')}`);
  }
  lines.push(
    `witnesses: ${witness.messages} messages, p50 ${witness.p50Ms} ms, p99 ${witness.p99Ms} ms, longest ${witness.maxMs} ms`,
  );
  for (const [service, now] of Object.entries(after)) {
    const then = before[service]!;
    lines.push(
      `${service}: heap ${then.heapMib} -> ${now.heapMib} MiB, buffers ${then.externalMib} -> ${now.externalMib}, ` +
        `memory ${then.rssMib} -> ${now.rssMib}, descriptors ${then.descriptors} -> ${now.descriptors}, stall ${now.stallMs} ms, of that busy ${now.busyMs}`,
    );
  }
  if (isPaused) lines.push('the machine kept msg_server from running: what the witnesses lost shows nothing');
  const reasons = Object.entries(closed).map(([reason, count]) => `${reason} ${count}`);
  lines.push(`connections that msg_server ended: ${reasons.join(', ')}`);
  for (const [kind, count] of Object.entries(warnings)) lines.push(`warned ${count} times, ${kind}`);
  lines.push(problems.length === 0 ? 'nothing went wrong' : `WRONG:\n${problems.join('\n')}`);
  return lines.join('\n');
}

await main();
