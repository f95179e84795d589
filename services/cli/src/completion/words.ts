import type { Command } from 'commander';

/** What may follow a command, such as `user` or `user add`; for `teamtalk` itself the path is empty. */
export interface Completions {
  path: string;
  words: Candidate[];
}

interface Candidate {
  word: string;
  description: string;
  kind: 'command' | 'option' | 'argument';
  takesValue: boolean;
}

/** The subcommands, options and fixed arguments of a command and of all below it. */
export function completionsOf(command: Command, path: readonly string[] = []): Completions[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const words: Candidate[] = [
    ...commands.map((each) => candidate(each.name(), each.description(), 'command')),
    ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map((word) => candidate(word, description, 'argument')),
    ),
    ...help
      .visibleOptions(command)
      .flatMap(({ long, description, required, optional }) =>
        long ? [{ ...candidate(long, description, 'option'), takesValue: required || optional }] : [],
      ),
  ];
  return [
    { path: path.join(' '), words },
    ...commands
      .filter((each) => command.commands.includes(each))
      .flatMap((each) => completionsOf(each, [...path, each.name()])),
  ];
}

function candidate(word: string, description: string, kind: Candidate['kind']): Candidate {
  return { word, description, kind, takesValue: false };
}
