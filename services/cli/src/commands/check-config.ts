import { ConfigError } from '@teamtalk/service-kit';
import { Argument, type Command } from 'commander';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { serviceConfigurations } from '../services.js';

/** `teamtalk check-config [SERVICE]` */
export function register(program: Command): void {
  program
    .command('check-config')
    .description('Check the environment variables as a service, or every service, would read them')
    .addArgument(new Argument('[service]', 'only this one').choices(Object.keys(serviceConfigurations)))
    .action(checkConfig);
}

async function checkConfig(only: string | undefined): Promise<void> {
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
