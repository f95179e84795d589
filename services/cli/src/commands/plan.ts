import type { Command } from 'commander';
import { decimalNumber, wholeNumber } from '../arguments.js';
import { Failure } from '../failure.js';
import { print, printJson } from '../output.js';
import { type Assumptions, assumptionNames, assumptions } from '../plan/assumptions.js';
import type { Plan } from '../plan/plan.js';

interface PlanOptions extends Assumptions {
  users: number;
  json?: boolean;
}

/** `teamtalk plan` */
export function define(command: Command): void {
  command
    .addHelpText(
      'after',
      '\nThe plan is calculated from measurements (docs/guides/sizing.md) and needs no installation.',
    )
    .requiredOption('--users <n>', 'number of accounts', wholeNumber(1, 1_000_000_000))
    .option('--json', 'print one JSON object');
  for (const name of assumptionNames) {
    const { flags, description, preset, ...range } = assumptions[name];
    const read = 'whole' in range ? wholeNumber(range.min, range.max) : decimalNumber(range.min, range.max);
    command.option(flags, description, read, preset);
  }
  command.action(run);
}

async function run({ users, json, ...given }: PlanOptions): Promise<void> {
  const { planFor } = await import('../plan/plan.js');
  let plan: Plan;
  try {
    plan = planFor(users, given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(`no plan for ${users} users with these assumptions: ${error.message}`, {
      cause: error,
    });
  }
  if (json) printJson({ ...plan, assumptions: given });
  else for (const line of (await import('../plan/describe.js')).describePlan(plan, given)) print(line);
}
