import { type Assumptions, assumptionNames, assumptions } from './assumptions.js';
import { costs, messageSlope, type Process, type Source } from './costs.js';
import type { Plan } from './plan.js';

const processes: readonly Process[] = ['msg_server', 'db_proxy_server', 'route_server', 'nats', 'postgresql'];

/** Renders a plan as lines of text: load, resources, assumptions, and the measurements it is based on. */
export function describePlan(plan: Plan, given: Assumptions): string[] {
  const { load, stores, services } = plan;
  const { postgresql, nats } = stores;
  return [
    `${number(plan.users)} users: in the busiest second ${number(load.messagesPerSecond)} messages, ` +
      `${number(load.deliveriesPerSecond)} deliveries and ${number(load.loginsPerSecond)} logins ` +
      `over ${number(load.connections)} connections`,
    '',
    ...aligned([
      ['service', 'replicas', 'cores used', 'cores each', 'memory each', 'because of'],
      ...services.map(({ service, replicas, cpu, cpuOfReplica, memoryOfReplica, because }) => [
        service,
        number(replicas),
        cores(cpu),
        cores(cpuOfReplica),
        bytes(memoryOfReplica),
        because,
      ]),
      ['NATS', number(nats.servers), cores(nats.cpu), '', '', `${number(nats.connections)} connections`],
    ]),
    'http_msg_server, push_server, file_server, msfs, web_server and admin_server: 2 of each. Their size depends on the use of files and internal systems.',
    '',
    'PostgreSQL (the primary; each standby needs as much memory and disk)',
    ...aligned([
      ['  cores', number(postgresql.cores), `${cores(postgresql.cpu)} used in the busiest second`],
      [
        '  memory',
        bytes(postgresql.memory),
        "2 GiB of shared buffers, 10 MiB a connection, a day's messages in the page cache",
      ],
      [
        '  connections',
        number(postgresql.connections),
        `DATABASE_POOL=${postgresql.pool} at each db_proxy_server, and 7 that store`,
      ],
      [
        '  disk',
        bytes(postgresql.diskKept),
        `for ${number(given.retention)} days; ${bytes(postgresql.diskPerDay)} a day, ${bytes(postgresql.diskPerYear)} a year`,
      ],
      ['  WAL', bytes(postgresql.walPerDay), 'a day, which standbys receive and backups keep'],
    ]),
    '',
    `If all connections break, everybody is back in ${number(Math.ceil(plan.reconnectionSeconds))} s. If all passwords have to be verified again ` +
      `(every db_proxy_server was restarted), that takes ${number(Math.ceil(plan.firstLoginsSeconds))} s.`,
    ...plan.warnings.map((text) => `Warning: ${text}`),
    '',
    'Assumptions (each is an option):',
    ...aligned(
      assumptionNames.map((name) => [
        `  ${assumptions[name].flags.split(' ')[0]}`,
        String(given[name]),
        assumptions[name].description,
      ]),
    ),
    '',
    'Measured CPU, microseconds of a core:',
    ...aligned([
      ['', 'per transaction', 'per message', 'per login'],
      ...processes.map((process) => {
        const { perTransaction, perMessage } = messageSlope(process);
        return [`  ${process}`, micros(perTransaction), micros(perMessage), micros(costs.login.cpu[process])];
      }),
    ]),
    ...[...new Set(sources().map(({ page }) => page))].map((page) => `  from ${page}`),
  ];
}

/** Every source of every cost. */
export function sources(): Source[] {
  return Object.values(costs).flatMap((cost) => ('slow' in cost ? sourcesOf(cost) : [cost.source]));
}

function sourcesOf({ slow, fast }: typeof costs.message): Source[] {
  return [slow.source, slow.transactionsSource, fast.source, fast.transactionsSource];
}

/** Aligns columns: the first and last to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, k) =>
    Math.max(...rows.map((row) => row[k]?.length ?? 0)),
  );
  const isText = (row: readonly string[], k: number) =>
    k === 0 || (k === columns - 1 && row.length === columns);
  return rows.map((row) =>
    row
      .map((cell, k) => (isText(row, k) ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
      .join('  ')
      .trimEnd(),
  );
}

function number(value: number): string {
  return (value < 10 ? Number(value.toPrecision(2)) : Math.round(value)).toLocaleString('en');
}

function cores(value: number): string {
  return value.toFixed(2);
}

function micros(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function bytes(value: number): string {
  let [left, unit] = [value / 1024 ** 2, 0];
  for (; left >= 1024; unit++) left /= 1024;
  return `${left < 10 ? left.toFixed(1) : Math.round(left).toLocaleString('en')} ${['MiB', 'GiB', 'TiB', 'PiB'][unit] ?? '?'}`;
}
