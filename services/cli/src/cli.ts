import { Command, CommanderError } from 'commander';
import * as app from './commands/app.js';
import * as bench from './commands/bench.js';
import * as checkConfig from './commands/check-config.js';
import * as conformance from './commands/conformance.js';
import * as dev from './commands/dev.js';
import * as listen from './commands/listen.js';
import * as migrate from './commands/migrate.js';
import * as receiveFiles from './commands/receive-files.js';
import * as seed from './commands/seed.js';
import * as send from './commands/send.js';
import * as sendFile from './commands/send-file.js';
import * as top from './commands/top.js';
import * as trace from './commands/trace.js';
import * as upload from './commands/upload.js';
import * as user from './commands/user.js';
import * as webhook from './commands/webhook.js';
import { describeFailure, Failure } from './failure.js';

/** In the order `teamtalk --help` shows them. */
const commands = [
  // the installation
  dev,
  migrate,
  user,
  app,
  webhook,
  seed,
  top,
  trace,
  // speaking to it
  send,
  upload,
  listen,
  sendFile,
  receiveFiles,
  bench,
  conformance,
  checkConfig,
];

/** The command line of `teamtalk`. */
export function createProgram(): Command {
  const program = new Command('teamtalk')
    .description('Runs, looks after and talks to a TeamTalk installation.')
    .showHelpAfterError('(teamtalk --help says more)')
    // Set first: commands take this over when they are added.
    .exitOverride();
  for (const command of commands) command.register(program);
  return program;
}

/**
 * Runs `teamtalk` with these arguments.
 *
 * @returns the exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage; another one where the
 *   command says so
 */
export async function runCli(words: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Of wrong usage commander has told already; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`teamtalk: ${describeFailure(error, process.env.DEBUG)}\n`);
    return error instanceof Failure ? error.exitStatus : 1;
  }
}
