/** One sample of a metrics page. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Reads the Prometheus text format. A metric without samples yields none, except a counter, which yields 0. */
export function readMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match) samples.push({ name: match[1]!, labels: readLabels(match[2] ?? ''), value: Number(match[3]) });
    // A labelled counter that has not counted yet has only its description.
    const type = /^# TYPE (\S+) counter$/.exec(line);
    if (type) samples.push({ name: type[1]!, labels: {}, value: 0 });
  }
  return samples;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)) {
    labels[name!] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

/**
 * The sum of the samples of that name whose labels include the given ones.
 * @throws Error when there is no metric of that name
 */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  const named = samples.filter((sample) => sample.name === name);
  if (named.length === 0) throw new Error(`there is no metric ${name}`);
  const wanted = Object.entries(labels);
  return named
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
