import { Argument, type Command } from 'commander';
import { completionScripts } from '../completion/scripts.js';
import { completionsOf } from '../completion/words.js';
import { print } from '../output.js';

/** `teamtalk completion bash|zsh|fish` */
export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(completionScripts)))
    .addHelpText('after', '\nbash: source <(teamtalk completion bash)')
    .action((shell: string, _options: object, { parent }: Command) => {
      print(completionScripts[shell]!(completionsOf(parent!)).trimEnd());
    });
}
