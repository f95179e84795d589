import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, print, printJson, printRow } from '../output.js';

interface ListOptions {
  verb?: string;
  actor?: string;
  resource?: string;
  after: number;
  json?: boolean;
}

/** `teamtalk audit list|verify|export` */
export function define(audit: Command): void {
  audit.addHelpText('after', databaseHelp);

  audit
    .command('list')
    .description('List what administrators did, oldest first: id, time, who, from where, what, before, after')
    .option('--verb <text>', 'only what begins with it, such as user. or app.create')
    .option('--actor <name>', 'only of this one, such as "app billing"')
    .option('--resource <name>', 'only what was done to it, such as "user 5"')
    .option('--after <id>', 'only events after this one', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .option(...jsonOption)
    .action(list);

  audit
    .command('verify')
    .description('Check that no event was changed or removed; prints the newest one as ID:HASH')
    .option(
      '--known <id:hash>',
      'an event as an earlier check printed it, kept somewhere else: nobody can have rewritten the chain up to it',
      idAndHash,
    )
    .action(verify);

  audit
    .command('export')
    .description('Print the events with their hashes as JSON, one per line')
    .option('--after <id>', 'only events after this one', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .action(({ after }: { after: number }) =>
      withDatabase(async (dataSource, { auditEvents }) => {
        for await (const event of auditEvents(dataSource, { after })) printJson(event);
      }),
    );
}

function list({ json, ...filter }: ListOptions): Promise<void> {
  return withDatabase(async (dataSource, { auditEvents }) => {
    for await (const { prevHash, hash, before, after, ...event } of auditEvents(dataSource, filter)) {
      if (json) {
        printJson({ ...event, before: JSON.parse(before ?? 'null'), after: JSON.parse(after ?? 'null') });
        continue;
      }
      const { id, at, actor, asUser, source, verb, resource } = event;
      const who = asUser === null ? actor : `${actor} as ${asUser}`;
      printRow([id, at, who, source, verb, resource, before ?? '-', after ?? '-']);
    }
  });
}

function verify({ known }: { known?: { id: number; hash: string } }): Promise<void> {
  return withDatabase(async (dataSource, { verifyAudit }) => {
    const verdict = await verifyAudit(dataSource, known);
    if (!verdict.intact) throw new Failure(verdict.problem);
    const { events, last } = verdict;
    print(`${events} events, none changed or missing; the newest is ${last.id}:${last.hash}`);
  });
}

function idAndHash(text: string): { id: number; hash: string } {
  const [, id, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (id !== undefined && hash !== undefined) return { id: Number(id), hash };
  throw new InvalidArgumentError('must be ID:HASH, as audit verify prints it');
}
