import {
  type Comparison,
  type LeftOutReason,
  leftOutReasons,
  type Reconciliation,
  type Verification,
} from '../import/verification.js';

const maxSamples = 10;

/** Counts what is found, with the first of what is wrong in words. */
export class Tally {
  readonly #reconciliations = new Map<string, Reconciliation>();
  readonly #comparisons = new Map<string, Comparison>();

  /** Rows of a table that were found in the new store. */
  imported(name: string, count = 1): void {
    const entry = this.#reconciliation(name);
    entry.source += count;
    entry.imported += count;
  }

  leftOut(name: string, reason: LeftOutReason, count = 1): void {
    const entry = this.#reconciliation(name);
    entry.source += count;
    entry.leftOut[reason] = (entry.leftOut[reason] ?? 0) + count;
  }

  /** A row that ought to be in the new store and is not. */
  unexplained(name: string, sample: string): void {
    const entry = this.#reconciliation(name);
    entry.source += 1;
    entry.unexplained += 1;
    if (entry.samples.length < maxSamples) entry.samples.push(sample);
  }

  /** Compares one property of one thing; `sample` says what is wrong where it differs. */
  compare(name: string, isSame: boolean, sample: () => string): void {
    const entry = this.#comparison(name);
    entry.compared += 1;
    if (isSame) return;
    entry.differences += 1;
    if (entry.samples.length < maxSamples) entry.samples.push(sample());
  }

  result(seconds: number): Verification {
    const reconciliations = [...this.#reconciliations.values()].map((each) => ({
      ...each,
      leftOut: inOrder(each.leftOut),
    }));
    const comparisons = [...this.#comparisons.values()];
    const unexplained =
      reconciliations.reduce((sum, each) => sum + each.unexplained, 0) +
      comparisons.reduce((sum, each) => sum + each.differences, 0);
    return { reconciliations, comparisons, unexplained, seconds };
  }

  #reconciliation(name: string): Reconciliation {
    const entry = this.#reconciliations.get(name) ?? {
      name,
      source: 0,
      imported: 0,
      leftOut: {},
      unexplained: 0,
      samples: [],
    };
    this.#reconciliations.set(name, entry);
    return entry;
  }

  #comparison(name: string): Comparison {
    const entry = this.#comparisons.get(name) ?? { name, compared: 0, differences: 0, samples: [] };
    this.#comparisons.set(name, entry);
    return entry;
  }
}

/** The reasons in the order of the report. */
function inOrder(leftOut: Reconciliation['leftOut']): Reconciliation['leftOut'] {
  const names = Object.keys(leftOutReasons);
  return Object.fromEntries(
    Object.entries(leftOut).sort(([one], [other]) => names.indexOf(one) - names.indexOf(other)),
  );
}
