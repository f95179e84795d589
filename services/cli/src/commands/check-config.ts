import { Argument, type Command } from 'commander';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { serviceConfigurations } from '../services.js';

/** `teamtalk check-config [SERVICE]` */
export function define(command: Command): void {
  command
    .addArgument(new Argument('[service]', 'only this one').choices(Object.keys(serviceConfigurations)))
    .action(checkConfig);
}

async function checkConfig(only: string | undefined): Promise<void> {
  const { ConfigError } = await import('@teamtalk/service-kit');
  const names = only === undefined ? Object.keys(serviceConfigurations) : [only];
  const problems: string[] = [];
  for (const name of names) {
    const { loadConfig } = await serviceConfigurations[name]!();
    try {
      loadConfig(process.env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map((problem) => `  ${name}: ${problem}`));
    }
  }
  if (problems.length > 0) {
    throw new Failure(['the configuration is not usable', ...problems].join('\n'));
  }
  print('ok');
}
