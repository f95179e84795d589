import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commandGroups } from './commands.js';
import { describeFailure, Failure } from './failure.js';
import { optionDescription } from './help.js';

/**
 * The command line of `teamtalk`.
 *
 * @param names the commands to load; of the others there are only name and description. All when left out
 */
export async function createProgram(names?: readonly string[]): Promise<Command> {
  const program = new Command('teamtalk')
    .description('Runs, manages and talks to a TeamTalk installation.')
    .version(version(), '-V, --version', 'print the version')
    // `--version` counts only before the command.
    .enablePositionalOptions()
    .showHelpAfterError('(teamtalk --help says more)')
    // Set first: commands inherit these when they are added.
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ optionDescription })
    .exitOverride();
  for (const { heading, commands } of commandGroups) {
    program.commandsGroup(heading);
    for (const { name, description, load } of commands) {
      const command = program.command(name).description(description);
      if (!names || names.includes(name)) (await load()).define(command);
    }
  }
  // Last: help stands under the last heading.
  return program.helpCommand('help [command]', 'print the help of a command');
}

/**
 * Runs `teamtalk` with these arguments.
 *
 * @returns the exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage; another one where the
 *   command says so
 */
export async function runCli(words: readonly string[]): Promise<number> {
  try {
    // The command is the first word, or the second one of `help send`. Completion is made of all of them.
    const program = await createProgram(words[0] === 'completion' ? undefined : words.slice(0, 2));
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // commander has already reported wrong usage; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`teamtalk: ${describeFailure(error, process.env.DEBUG)}\n`);
    return error instanceof Failure ? error.exitStatus : 1;
  }
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
