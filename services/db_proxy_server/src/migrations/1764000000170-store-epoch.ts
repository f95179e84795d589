import type { MigrationInterface, QueryRunner } from 'typeorm';
import { sqlFunction } from './sql-function.js';

/** Detects the loss of committed data, when a standby that lagged was promoted or a backup restored. */
export class StoreEpoch1764000000170 implements MigrationInterface {
  readonly name = 'StoreEpoch1764000000170';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE store_epoch (
        only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
        epoch int8 NOT NULL,
        system_id int8,
        timeline int4,
        synchronous bool NOT NULL
      )`);
    await runner.query(
      `COMMENT ON TABLE store_epoch IS 'the epoch begins anew when what was committed may have been lost; the server and its timeline in this epoch; whether commits waited for a standby'`,
    );
    await runner.query('INSERT INTO store_epoch (epoch, synchronous) VALUES (1, false)');
    await runner.query(sqlFunction('store_position', 1));
    await runner.query(sqlFunction('enter_store', 1));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION enter_store');
    await runner.query('DROP FUNCTION store_position');
    await runner.query('DROP TABLE store_epoch');
  }
}
