import type { Manifest } from '../manifests/rendered.js';
import { addressSettings } from './switches.js';
import { Block, more, Raw, type Value } from './template.js';

type Fields = { [key: string]: Value };

/** The service that an object belongs to, or else the object's own name. */
function ownerOf({ metadata }: Manifest): string {
  return metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name.replace(hash, '');
}

/** The template file that an object goes into: its service's, or its subject's. */
export function fileOf(manifest: Manifest): string {
  const { kind, apiVersion } = manifest;
  if (apiVersion.startsWith('monitoring.') || ownerOf(manifest) === 'metrics') return 'monitoring';
  if (apiVersion.startsWith('gateway.') || kind === 'Ingress') return 'ingress';
  const shared = kind === 'NetworkPolicy' && !manifest.metadata.labels?.['app.kubernetes.io/name'];
  return shared ? 'network-policies' : ownerOf(manifest);
}

/** The first of the Services that expose one pod each: its template is repeated for each address. */
export const firstPod = /^(msg-server|file-server)-0$/;
export const laterPod = /^(msg-server|file-server)-[1-9]\d*$/;

/** The hash that kustomize appends to a ConfigMap's name; the chart puts a checksum on the pods instead. */
export const hash = /-[a-z0-9]{10}$/;

/** Replaces in an object what an overlay would patch by the chart's values. */
export function parameterized(manifest: Manifest): Fields {
  const { kind, metadata } = manifest;
  const fields = structuredClone(manifest) as unknown as Fields;
  (fields.metadata as Fields).namespace = new Raw('{{ $.Release.Namespace }}');
  if (kind === 'ConfigMap') (fields.metadata as Fields).name = metadata.name.replace(hash, '');
  if (ownerOf(manifest) === 'migrate') hook(fields, kind === 'Job' ? 0 : -1);
  const spec = (fields.spec ?? {}) as Fields;
  if (spec.template) podTemplate(spec.template as Fields, ownerOf(manifest));
  if (kind === 'HorizontalPodAutoscaler') autoscaler(spec, ownerOf(manifest));
  if (kind === 'NetworkPolicy' && metadata.name === 'push-hosts')
    spec.egress = new Block('toYaml $.Values.pushHosts.egress');
  if (kind === 'ServiceMonitor')
    spec.namespaceSelector = { matchNames: [new Raw('{{ $.Release.Namespace }}')] };
  if (kind === 'Ingress') {
    (fields.metadata as Fields).annotations = new Block('toYaml $.Values.ingress.annotations');
    spec[more] = new Block('include "teamtalk.ingressClass" $');
  }
  if (kind === 'Gateway') spec.gatewayClassName = new Raw('{{ $.Values.gateway.className }}');
  return replaced(fields, (text) => texts(text, manifest)) as Fields;
}

/** Makes an object a hook: Helm, and Argo CD with it, creates it first and deletes the previous release's. */
function hook(fields: Fields, weight: number): void {
  (fields.metadata as Fields).annotations = {
    'helm.sh/hook': 'pre-install,pre-upgrade',
    'helm.sh/hook-weight': String(weight),
    'helm.sh/hook-delete-policy': 'before-hook-creation',
  };
}

function podTemplate(template: Fields, owner: string): void {
  const pod = template.spec as Fields;
  const values = `(index $.Values.services "${owner}")`;
  for (const container of pod.containers as Fields[]) {
    const image = String(container.image).replace(/^teamtalk\//, '');
    container.image = new Raw(`{{ include "teamtalk.image" (list $ "${image}") }}`);
    container.imagePullPolicy = new Raw('{{ $.Values.image.pullPolicy }}');
    container.resources = new Block(`toYaml ${values}.resources`);
    if (!container.envFrom) continue;
    container.envFrom = [{ configMapRef: { name: owner } }];
    const settings = `include "teamtalk.settings" (list $ "${owner}")`;
    const annotations = { 'checksum/config': new Raw(`{{ ${settings} | sha256sum }}`) };
    template.metadata = { ...(template.metadata as Fields), annotations };
  }
  pod[more] = new Block(`include "teamtalk.pod" (list $ "${owner}")`);
}

function autoscaler(spec: Fields, owner: string): void {
  const replicas = `(index $.Values.services "${owner}").replicas`;
  spec.minReplicas = new Raw(`{{ ${replicas}.min }}`);
  spec.maxReplicas = new Raw(`{{ include "teamtalk.max" (list $ "${owner}" ${spec.maxReplicas}) }}`);
}

/** The expression that replaces a text anywhere in an object. */
function texts(text: string, { kind, metadata }: Manifest): string | Raw {
  const [, pod] = firstPod.exec(text) ?? [];
  if (pod && firstPod.test(metadata.name)) return new Raw(`${pod}-{{ $index }}`);
  if (kind === 'Ingress' || kind === 'HTTPRoute') {
    const [, host] = /^(\w+)\.example\.com$/.exec(text) ?? [];
    if (host) return new Raw(`{{ include "teamtalk.host" (list $ "${host}") }}`);
  }
  if (text === 'teamtalk-ingress-tls') return new Raw('{{ $.Values.ingress.tlsSecret }}');
  if (text === 'teamtalk-gateway-tls') return new Raw('{{ $.Values.gateway.tlsSecret }}');
  if (text === '*.example.com') return new Raw('{{ $.Values.gateway.hostname | quote }}');
  return text;
}

/** A ConfigMap's settings, those derived from `addresses` included. */
export function settingsOf({ metadata, data }: Manifest): Fields {
  const service = metadata.name.replace(hash, '');
  const settings = { ...(data as Fields) };
  const variable = addressSettings[service as keyof typeof addressSettings];
  if (variable && variable in settings) {
    settings[variable] = new Raw(`{{ include "teamtalk.addresses" (list $ "${service}") | quote }}`);
  }
  return settings;
}

function replaced(value: Value, by: (text: string) => Value): Value {
  if (typeof value === 'string') return by(value);
  if (Array.isArray(value)) return value.map((item) => replaced(item, by));
  if (value === null || typeof value !== 'object' || value instanceof Raw || value instanceof Block)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, by)]));
}
