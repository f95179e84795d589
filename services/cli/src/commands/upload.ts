import path from 'node:path';
import type { Command } from 'commander';
import { httpUrl } from '../arguments.js';
import { Failure } from '../failure.js';
import { FileProgress } from '../file-progress.js';
import { loginServerUrl } from '../installation.js';
import { note, print } from '../output.js';

interface UploadOptions {
  msfs?: string;
  loginServer?: string;
  token?: string;
}

/** `teamtalk upload FILE` */
export function define(command: Command): void {
  command
    .argument('<file>')
    .option('--msfs <url>', 'the msfs to use, without asking a login_server', httpUrl)
    .option(
      '--login-server <url>',
      'the login_server that knows msfs; default: as for the other commands',
      httpUrl,
    )
    .option('--token <token>', 'the token msfs asks for; default: TEAMTALK_UPLOAD_TOKEN')
    .action(run);
}

async function run(file: string, options: UploadOptions): Promise<void> {
  const { uploadImage } = await import('@teamtalk/client');
  const server = options.msfs ?? { loginServer: options.loginServer ?? loginServerUrl(process.env) };
  let progress: FileProgress | undefined;
  try {
    const { url, text } = await uploadImage(server, file, {
      token: options.token ?? process.env.TEAMTALK_UPLOAD_TOKEN,
      onProgress: (sent, total) => {
        progress ??= new FileProgress(path.basename(file), total, 0);
        progress.update(sent);
      },
    });
    if (progress) note(progress.finish());
    print(url);
    print(text);
  } catch (error) {
    progress?.finish();
    const { code } = Object(error) as { code?: unknown };
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
      throw new Failure(`${file} cannot be read: ${(error as Error).message}`);
    }
    throw error;
  }
}
