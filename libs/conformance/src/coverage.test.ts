import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allCommands, commandById } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { fixedOf } from './original.js';
import { requirementTable } from './requirements.js';
import { clientSamples, internalSamples, serverSamples } from './samples.js';
import { conformanceCases } from './suite.js';

const top = new URL('../../../', import.meta.url);

const covered = (kind: 'success' | 'refusal') =>
  new Set(
    conformanceCases
      .filter(({ is }) => is.includes(kind))
      .flatMap(({ commands }) => commands.map(({ id }) => id)),
  );
const names = (ids: Iterable<number>) => [...ids].map((id) => commandById(id)!.name);

it('every case has a name of its own', () => {
  const all = conformanceCases.map(({ name }) => name);
  expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
});

it('every command has a case for success; those that only the original’s servers sent one another have none', () => {
  const successes = covered('success');
  const without = allCommands.filter(({ id }) => !successes.has(id));
  expect(without.map(({ name }) => name)).toEqual(
    allCommands.filter(({ direction }) => direction === 'between-servers').map(({ name }) => name),
  );
});

it('every command has a case for refusal', () => {
  const refusals = covered('refusal');
  expect(names(allCommands.map(({ id }) => id).filter((id) => !refusals.has(id)))).toEqual([]);
});

it('there is a sample of every command', () => {
  const samples = [...clientSamples, ...serverSamples, ...internalSamples].map(({ command }) => command.id);
  expect(samples.sort((a, b) => a - b)).toEqual(allCommands.map(({ id }) => id));
});

it('every requirement has a case, or names the test that shows it', () => {
  const proved = new Set(conformanceCases.flatMap(({ proves }) => proves));
  for (const [id, { shownBy }] of Object.entries(requirementTable)) {
    if (shownBy) expect(existsSync(fileURLToPath(new URL(shownBy, top))), shownBy).toBe(true);
    else expect(proved, id).toContain(id);
  }
});

it('a case about a defect of the original says for what it fails there', () => {
  const unmarked = conformanceCases.filter(
    ({ is, proves, onOriginal }) =>
      is.includes('fix') && fixedOf(proves).length === 0 && onOriginal.length === 0,
  );
  expect(unmarked.map(({ name }) => name)).toEqual([]);
});
