import type { LegacyPlaces } from '../legacy/store.js';
import { importWords, type Running, teamtalk } from '../teamtalk.js';
import { peakMemory } from './usage.js';

/** The outcome of an importer's command. */
export interface Ended {
  output: string;
  /** largest memory use, bytes */
  memory: number;
}

/** Runs commands of `teamtalk import` in separate processes. */
export class Importer {
  readonly #places: LegacyPlaces;
  readonly #env: NodeJS.ProcessEnv;

  constructor(places: LegacyPlaces, env: NodeJS.ProcessEnv) {
    this.#places = places;
    this.#env = env;
  }

  /**
   * @param meanwhile the command is stopped when this resolves; without it the command ends by itself
   * @throws Error with the command's output when it fails
   */
  async run(
    command: string,
    words: readonly string[] = [],
    meanwhile?: (running: Running) => Promise<void>,
  ): Promise<Ended> {
    const running = teamtalk(importWords(command, this.#places, ...words), this.#env);
    let memory = 0;
    const timer = setInterval(() => {
      memory = Math.max(memory, peakMemory(running.child.pid!));
    }, 200);
    try {
      if (meanwhile) {
        await meanwhile(running).finally(() => running.child.kill('SIGINT'));
      }
      const status = await running.ended;
      if (status !== 0) throw new Error(`teamtalk import ${command} failed:\n${running.output()}`);
      return { output: running.output(), memory };
    } finally {
      clearInterval(timer);
    }
  }
}
