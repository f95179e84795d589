import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Manifest, renderWith } from '../manifests/rendered.js';
import type { Page } from '../page.js';
import { fileOf, firstPod, laterPod, parameterized, settingsOf } from './parameters.js';
import { switches } from './switches.js';
import { type Choice, mapLines, type Value, within } from './template.js';
import { valuesPages } from './values.js';

/** An object of the base, of components, or of both. */
interface ChartObject {
  file: string;
  /** the object exists if any of these conditions holds; empty: always */
  conditions: readonly string[];
  /** the object without any switch, and with each switch under which it exists */
  alternatives: readonly (readonly [condition: string | undefined, manifest: Manifest])[];
}

/**
 * The Helm chart, made from kustomize's output: the base's objects, with conditions where components change them and
 * values where an overlay would patch them. Needs kustomize and up-to-date settings in k8s/.
 */
export async function chartPages(top: string): Promise<Page[]> {
  const base = await renderWith(top, []);
  const others = [];
  for (const { component, condition, settings } of switches) {
    others.push([condition, await renderWith(top, [component], settings)] as const);
  }
  const objects = chartObjects(base, others);
  const files = new Map<string, string[]>();
  for (const object of objects) {
    const lines = files.get(object.file) ?? [header];
    files.set(object.file, [...lines, ...linesOf(object)]);
  }
  const { version } = JSON.parse(await readFile(path.join(top, 'package.json'), 'utf8')) as {
    version: string;
  };
  return [
    { file: 'k8s/chart/Chart.yaml', text: about(version) },
    ...(await valuesPages(objects.flatMap(({ alternatives }) => alternatives.map(([, each]) => each)))),
    ...[...files].map(([name, lines]) => ({
      file: `k8s/chart/templates/${name}.yaml`,
      text: `${lines.join('\n')}\n`,
    })),
  ];
}

const header = '{{- /* Made from k8s/base and k8s/components by `npm run docs`. Do not edit. */ -}}';

const about = (version: string) => `# Made by \`npm run docs\`. Do not edit.
apiVersion: v2
name: teamtalk
description: TeamTalk, an enterprise chat server; PostgreSQL and NATS are brought by others
type: application
version: ${version}
appVersion: ${version}
kubeVersion: ">=1.30.0-0"
`;

type Rendering = readonly (readonly [condition: string, manifests: readonly Manifest[]])[];

function chartObjects(base: readonly Manifest[], others: Rendering): ChartObject[] {
  const all = [...base, ...others.flatMap(([, manifests]) => manifests)];
  const known = new Map(all.map((manifest) => [nameOf(manifest), manifest]));
  return [...known.values()].filter(isTemplate).map((manifest) => {
    const find = (list: readonly Manifest[]) => list.find((each) => nameOf(each) === nameOf(manifest));
    const having = others.flatMap(([condition, list]) => {
      const found = find(list);
      return found ? [[condition, found] as const] : [];
    });
    const plain = find(base);
    if (plain && having.length < others.length) throw new Error(`a component removes ${nameOf(plain)}`);
    return {
      file: fileOf(manifest),
      conditions: plain ? [] : having.map(([condition]) => condition),
      alternatives: plain ? [[undefined, plain] as const, ...having] : having,
    };
  });
}

/** Whether an object has its own template. Helm creates the namespace, and per-pod Services share the first one's template. */
function isTemplate({ kind, metadata }: Manifest): boolean {
  return kind !== 'Namespace' && !laterPod.test(metadata.name);
}

function nameOf(manifest: Manifest): string {
  const { kind, metadata } = manifest;
  const name = kind === 'ConfigMap' ? settingsName(manifest) : metadata.name;
  return `${kind} ${name}`;
}

const settingsName = (manifest: Manifest) => (parameterized(manifest).metadata as { name: string }).name;

function linesOf({ conditions, alternatives }: ChartObject): string[] {
  const [[, first] = []] = alternatives;
  if (!first) return [];
  if (first.kind === 'ConfigMap') return settingsLines(first, conditions, alternatives);
  const lines = ['---', ...mapLines(choiceOf(alternatives, (each) => parameterized(each) as Value))];
  const [, pods] = firstPod.exec(first.metadata.name) ?? [];
  if (!pods) return within(conditions, lines);
  const loop = `{{- range $index, $_ := index $.Values.addresses "${pods}" }}`;
  return within(conditions, [loop, ...lines, '{{- end }}']);
}

/** A ConfigMap. Its settings are a template of their own, so that values can override them. */
function settingsLines(
  manifest: Manifest,
  conditions: readonly string[],
  alternatives: ChartObject['alternatives'],
): string[] {
  const name = settingsName(manifest);
  const { data: _, ...rest } = parameterized(manifest);
  return [
    `{{- define "teamtalk.settings.${name}" }}`,
    ...mapLines(choiceOf(alternatives, settingsOf)),
    '{{- end }}',
    ...within(conditions, [
      '---',
      ...mapLines({ base: rest, others: [] }),
      'data:',
      `  {{- include "teamtalk.settings" (list $ "${name}") | nindent 2 }}`,
    ]),
  ];
}

function choiceOf(alternatives: ChartObject['alternatives'], pick: (each: Manifest) => Value): Choice {
  const [[, base] = [], ...others] = alternatives;
  return {
    base: base && pick(base),
    others: others.map(([condition, each]) => [condition ?? '', pick(each)]),
  };
}
