import type { MigrationInterface } from 'typeorm';

/**
 * A step of the schema. Steps are expand-then-contract (docs/guides/upgrades.md): what an older program still uses
 * goes only in a later version, by a step that says so with `needs`.
 */
export interface Migration extends MigrationInterface {
  /** its class's, which ends in 13 digits: its number */
  readonly name: string;
  /**
   * Only programs that know the step of this number, or a newer one, work once this step is applied. Left out:
   * every program that worked before does.
   */
  readonly needs?: number;
}
