import type { MigrationInterface } from 'typeorm';

/**
 * A migration of the schema. Migrations expand first and contract later (docs/guides/upgrades.md): what an older program
 * still uses is dropped only in a later version, by a migration that declares `needs`.
 */
export interface Migration extends MigrationInterface {
  /** the class name, which ends in the 13 digits of its number */
  readonly name: string;
  /**
   * Once this migration is applied, only programs that know the migration of this number, or a newer one, work. Left
   * out: it breaks no program.
   */
  readonly needs?: number;
}
