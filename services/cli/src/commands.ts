import type { Command } from 'commander';

/** A command of `teamtalk`. Its module is loaded when it is asked for, which keeps the others fast. */
interface CommandEntry {
  name: string;
  description: string;
  load(): Promise<{
    /** Adds options, arguments, subcommands and what to do; imports nothing heavy before it is done. */
    define(command: Command): void;
  }>;
}

/** In the order `teamtalk --help` shows them, under these headings. */
export const commandGroups: readonly { heading: string; commands: readonly CommandEntry[] }[] = [
  {
    heading: 'The installation:',
    commands: [
      {
        name: 'dev',
        description: 'Run the whole installation on this machine: PostgreSQL, NATS and every service',
        load: () => import('./commands/dev.js'),
      },
      {
        name: 'migrate',
        description: 'Move the database to another version of the schema',
        load: () => import('./commands/migrate.js'),
      },
      {
        name: 'import',
        description: 'Move a company in from a legacy TeamTalk (MySQL or MariaDB, Redis, files)',
        load: () => import('./commands/import.js'),
      },
      { name: 'user', description: 'Add, list and import users', load: () => import('./commands/user.js') },
      {
        name: 'app',
        description: 'Manage the internal systems that may call the HTTP API',
        load: () => import('./commands/app.js'),
      },
      {
        name: 'bot',
        description: 'Manage bots: users that log in with a token',
        load: () => import('./commands/bot.js'),
      },
      {
        name: 'hook',
        description: 'Manage incoming webhooks: URLs through which other systems post as a bot',
        load: () => import('./commands/hook.js'),
      },
      {
        name: 'webhook',
        description: 'Manage the URLs that events are posted to',
        load: () => import('./commands/webhook.js'),
      },
      {
        name: 'push',
        description: 'Show why phones ring or do not, and manage the credentials of push providers',
        load: () => import('./commands/push.js'),
      },
      {
        name: 'audit',
        description: 'Show and check what administrators did',
        load: () => import('./commands/audit.js'),
      },
      {
        name: 'retention',
        description: 'Set how long messages are kept, and show what has been removed',
        load: () => import('./commands/retention.js'),
      },
      {
        name: 'hold',
        description: 'Place and release legal holds, which keep messages from being removed',
        load: () => import('./commands/hold.js'),
      },
      {
        name: 'erase',
        description: 'Erase people who have left, and print certificates of it',
        load: () => import('./commands/erase.js'),
      },
      {
        name: 'export',
        description: 'Export the messages of a person or a group, with the approval of a second person',
        load: () => import('./commands/export.js'),
      },
      {
        name: 'console',
        description: 'Invite people to the console, and reset their second factor',
        load: () => import('./commands/console.js'),
      },
      {
        name: 'seed',
        description: 'Add users for demonstrations and measurements; those that exist stay as they are',
        load: () => import('./commands/seed.js'),
      },
      {
        name: 'top',
        description: 'Show the running instances with their connections, rates and lags, until Ctrl-C',
        load: () => import('./commands/top.js'),
      },
      {
        name: 'trace',
        description: 'Trace one message: who accepted it, when it was stored, who has it',
        load: () => import('./commands/trace.js'),
      },
      {
        name: 'plan',
        description:
          'Estimate from measurements how many replicas and how much storage an installation needs',
        load: () => import('./commands/plan.js'),
      },
      {
        name: 'check-config',
        description: 'Check the environment variables as a service, or every service, would read them',
        load: () => import('./commands/check-config.js'),
      },
    ],
  },
  {
    heading: 'As a user:',
    commands: [
      {
        name: 'send',
        description: 'Send a message, and wait until the server has stored it',
        load: () => import('./commands/send.js'),
      },
      {
        name: 'listen',
        description: 'Print messages as they arrive, until Ctrl-C',
        load: () => import('./commands/listen.js'),
      },
      {
        name: 'upload',
        description: 'Upload an image, and print its URL and the text that shows it in a message',
        load: () => import('./commands/upload.js'),
      },
      {
        name: 'send-file',
        description: 'Send a file to a user: directly where their PC is online, otherwise kept for them',
        load: () => import('./commands/send-file.js'),
      },
      {
        name: 'receive-files',
        description: 'Fetch the files kept for a user, and those offered to them until Ctrl-C',
        load: () => import('./commands/receive-files.js'),
      },
    ],
  },
  {
    heading: 'Tests and tools:',
    commands: [
      {
        name: 'bench',
        description: 'Put load on an installation and measure it (its users: `teamtalk seed`)',
        load: () => import('./commands/bench.js'),
      },
      {
        name: 'conformance',
        description: 'Check that a TeamTalk server does what old clients need; its users write to each other',
        load: () => import('./commands/conformance.js'),
      },
      {
        name: 'completion',
        description: 'Print a script that completes commands and options in bash, zsh or fish',
        load: () => import('./commands/completion.js'),
      },
    ],
  },
];
