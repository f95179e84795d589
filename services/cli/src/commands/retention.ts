import type { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { databaseHelp, withDatabase } from '../database.js';
import { Failure } from '../failure.js';
import { jsonOption, print, printJson, printRow } from '../output.js';

interface SetOptions {
  department?: number;
  group?: number;
}

const id = wholeNumber(1, 0x7fff_ffff);
const timesHelp = `
A rule that shortens retention takes effect a day later. If the two people of a conversation have different rules, the longer
one applies. db_proxy_server removes expired messages once an hour, except those under a legal hold (teamtalk hold).
`;

/** `teamtalk retention list|set|remove|status` */
export function define(retention: Command): void {
  retention.addHelpText('after', timesHelp + databaseHelp);

  retention
    .command('list')
    .description('List the rules: id, scope, id and name of the department or group, days, effective from')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { RetentionRules, databaseOf }) => {
        for (const rule of await new RetentionRules(databaseOf(dataSource)).all()) {
          const effectiveAt = new Date(rule.effectiveAt * 1000).toISOString();
          if (json) printJson({ ...rule, effectiveAt });
          else
            printRow([
              rule.id,
              rule.scope,
              rule.scopeId || '-',
              rule.name || '-',
              rule.days ?? 'forever',
              effectiveAt,
            ]);
        }
      }),
    );

  retention
    .command('set')
    .description(
      'Set how many days messages are kept, or `forever`, in the installation, a department or a group',
    )
    .argument('<days>', 'number of days, or forever', daysOf)
    .option('--department <id>', 'this department and those below it', id)
    .option('--group <id>', 'this group', id)
    .addHelpText('after', timesHelp)
    .action((days: number | null, { department, group }: SetOptions) => {
      if (department !== undefined && group !== undefined) {
        throw new Failure('use either --department or --group, not both');
      }
      const scope = department !== undefined ? 'department' : group !== undefined ? 'group' : 'installation';
      return withDatabase(async (dataSource, { RetentionRules, databaseOf, operator }) => {
        const rule = { scope, scopeId: department ?? group ?? 0, days };
        const outcome = await new RetentionRules(databaseOf(dataSource)).set(rule, operator());
        if (outcome.result !== 'saved') throw new Failure(`there is no ${scope} ${rule.scopeId}`);
        print(String(outcome.id));
      });
    });

  retention
    .command('remove')
    .description('Remove a rule; the rule of the next higher scope then applies')
    .argument('<id>', 'id from the list', id)
    .action((ruleId: number) =>
      withDatabase(async (dataSource, { RetentionRules, databaseOf, operator }) => {
        const outcome = await new RetentionRules(databaseOf(dataSource)).remove(ruleId, operator());
        if (outcome.result !== 'saved') throw new Failure(`there is no rule ${ruleId}`);
        print(`removed ${ruleId}`);
      }),
    );

  retention
    .command('status')
    .description('Show what the current or last run has removed')
    .option(...jsonOption)
    .action(({ json }: { json?: boolean }) =>
      withDatabase(async (dataSource, { RetentionRules, databaseOf }) => {
        const run = await new RetentionRules(databaseOf(dataSource)).run();
        const startedAt = momentOf(run.startedAt);
        const finishedAt = momentOf(run.finishedAt);
        if (json) printJson({ ...run, startedAt, finishedAt });
        else if (startedAt === null) print('nothing has been removed yet');
        else
          print(
            `${run.removed} messages, from ${startedAt} to ${finishedAt ?? 'now'}; ${run.removedEver} in all`,
          );
      }),
    );
}

function daysOf(text: string): number | null {
  return text === 'forever' ? null : wholeNumber(1, 36_500)(text);
}

function momentOf(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString();
}
