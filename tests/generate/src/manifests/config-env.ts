import { describeEnv, type EnvSchema } from '@teamtalk/service-kit';

/**
 * The text of a service's `config.env`, from which kustomize makes its ConfigMap: every variable the service
 * knows, in its order, except those the pod gets in another way.
 * @param current the file as it is; its values stay, unknown variables are dropped
 * @param elsewhere variables set by the workload itself: secrets, addresses of the pod
 */
export function configEnv(schema: EnvSchema, current: string, elsewhere: ReadonlySet<string>): string {
  const values = parseEnv(current);
  const lines = describeEnv(schema)
    .filter(({ name }) => !elsewhere.has(name))
    .map(({ name, fallback }) => `${name}=${values.get(name) ?? fallback ?? ''}`);
  return `${[...header, ...lines].join('\n')}\n`;
}

const header = [
  '# Every setting of the service; docs/reference/configuration.md says what each means. New ones are added,',
  '# with their defaults, by `npm run docs`.',
];

/** The variables of a file of `NAME=value` lines. */
export function parseEnv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (!line.startsWith('#') && at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  return values;
}
