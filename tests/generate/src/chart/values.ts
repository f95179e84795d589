import { envSchema as canarySchema } from '@teamtalk/canary';
import { serviceConfigurations } from '@teamtalk/cli';
import { describeEnv } from '@teamtalk/service-kit';
import { stringify } from 'yaml';
import type { Manifest } from '../manifests/rendered.js';
import { folderOf } from '../manifests/settings.js';
import { workloadsOf } from '../manifests/workloads.js';
import type { Page } from '../page.js';
import { hash } from './parameters.js';
import { addressSettings, components, waysIn } from './switches.js';

/** What `values.yaml` has for a workload. */
interface ServiceValues {
  replicas?: { min: number };
  resources: object;
  settings?: object;
  pod: object;
}

type Schema = Readonly<Record<string, unknown>>;

/** values.yaml with the defaults of the base, and the schema that Helm checks all values against. */
export async function valuesPages(manifests: readonly Manifest[]): Promise<Page[]> {
  const services = servicesOf(manifests);
  const settings = await settingsSchemas(manifests);
  return [
    { file: 'k8s/chart/values.yaml', text: `${explained}\n${stringify({ services }, { indent: 2 })}` },
    {
      file: 'k8s/chart/values.schema.json',
      text: `${compact(JSON.stringify(schemaOf(services, settings), null, 2))}\n`,
    },
  ];
}

/** Lists of texts on one line. */
function compact(json: string): string {
  return json.replace(/\[\s+(?:"[^"]*",?\s+)+\]/g, (list) => list.replaceAll(/\s+/g, ' '));
}

function servicesOf(manifests: readonly Manifest[]): Record<string, ServiceValues> {
  const minimum = new Map(
    manifests
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map(({ metadata, spec }) => [metadata.name, (spec as { minReplicas: number }).minReplicas]),
  );
  const services: Record<string, ServiceValues> = {};
  for (const { name, pod } of workloadsOf(manifests)) {
    const [container] = pod.containers;
    const min = minimum.get(name);
    services[name] = {
      ...(min !== undefined && { replicas: { min } }),
      resources: container?.resources ?? {},
      ...(container?.envFrom && { settings: {} }),
      pod: {},
    };
  }
  return services;
}

/** By service: each setting that is in its ConfigMap, with what the reference says of it. */
async function settingsSchemas(manifests: readonly Manifest[]): Promise<Map<string, Schema>> {
  const schemas = new Map<string, Schema>();
  const known = [...Object.entries(serviceConfigurations), ['canary', canary] as const];
  for (const [service, load] of known) {
    const name = folderOf(service);
    const maps = manifests.filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.replace(hash, '') === name,
    );
    const given = new Set(maps.flatMap(({ data }) => Object.keys(data ?? {})));
    const variables = describeEnv((await load()).envSchema).filter((variable) => given.has(variable.name));
    const properties = variables.map(({ name: variable, description }) => [
      variable,
      { description, type: ['string', 'number', 'boolean'] },
    ]);
    schemas.set(name, object(Object.fromEntries(properties)));
  }
  return schemas;
}

const canary = async () => ({ envSchema: canarySchema });

const object = (properties: Schema, rest: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...rest,
});
const text = { type: 'string' };
const count = { type: 'integer', minimum: 1 };
const enabled = { enabled: { type: 'boolean' } };
const pod = object({
  nodeSelector: { type: 'object' },
  tolerations: { type: 'array' },
  imagePullSecrets: { type: 'array', items: object({ name: text }) },
  priorityClassName: text,
  runtimeClassName: text,
});
/** Where one is on, these must be given. */
const needs = (switched: Schema, required: Schema) => ({
  if: { properties: switched },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word
  then: { properties: required },
});
const isOn = { properties: { enabled: { const: true } } };
const host = { type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' };
const hosts = ['login', 'chat', 'files', 'images', 'web', 'api'];
const allHosts = { hosts: { properties: Object.fromEntries(hosts.map((name) => [name, host])) } };
const someAddresses = { type: 'array', minItems: 1 };

function schemaOf(services: Readonly<Record<string, ServiceValues>>, settings: Map<string, Schema>): Schema {
  const serviceSchemas = Object.entries(services).map(([name, values]) => [
    name,
    object({
      ...(values.replicas && { replicas: object({ min: count, max: count }, { required: ['min'] }) }),
      resources: { type: 'object', required: ['requests', 'limits'] },
      ...(values.settings && { settings: settings.get(name) }),
      pod,
    }),
  ]);
  const switches = Object.keys(components).map((name) => [name, object(enabled)]);
  const addresses = Object.keys(addressSettings).map((name) => [
    name,
    { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true },
  ]);
  const properties = {
    ...Object.fromEntries(switches),
    wayIn: { enum: [...waysIn, 'none'] },
    addresses: object(Object.fromEntries(addresses)),
    hosts: object(Object.fromEntries(hosts.map((name) => [name, text]))),
    ingress: object({ ...enabled, className: text, tlsSecret: text, annotations: { type: 'object' } }),
    gateway: object({ ...enabled, className: text, tlsSecret: text, hostname: text }),
    image: object({
      registry: text,
      tag: text,
      pullPolicy: { enum: ['IfNotPresent', 'Always', 'Never'] },
      digests: { type: 'object', additionalProperties: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } },
    }),
    pod,
    services: object(Object.fromEntries(serviceSchemas)),
    // Helm's own, where this is a part of another chart.
    global: { type: 'object' },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart teamtalk',
    ...object(properties),
    allOf: [
      needs({ cloudNativePg: isOn }, { tls: { properties: { enabled: { const: true } } } }),
      needs({ ingress: isOn }, allHosts),
      needs(
        { gateway: isOn },
        { ...allHosts, gateway: { properties: { className: { type: 'string', minLength: 1 } } } },
      ),
      needs(
        { wayIn: { enum: ['load-balancer', 'per-pod-address'] } },
        { addresses: { properties: { 'msg-server': someAddresses, 'file-server': someAddresses } } },
      ),
    ],
  };
}

const explained = `# Made from k8s/base by \`npm run docs\`. Do not edit; give Helm a file of your own with what is different.

# One way in for old clients: node-port, load-balancer, per-pod-address, or none where there are web clients only.
# docs/guides/kubernetes.md says how to choose.
wayIn: node-port

# The addresses clients dial: with per-pod-address one for each pod of msg-server and of file-server, in their order; with
# load-balancer one for all msg-servers, and one for each file-server. There are never more pods than addresses.
addresses:
  msg-server: []
  file-server: []

# What each of these does says the component of that name in k8s/components.
tls:
  enabled: false
# PostgreSQL by the operator CloudNativePG; needs tls.
cloudNativePg:
  enabled: false
# HTTPS by the services themselves, with the Secret teamtalk-http-tls.
httpTls:
  enabled: false
monitoring:
  enabled: false
tracing:
  enabled: false
canary:
  enabled: false
nodeLocalDns:
  enabled: false
outsideBucket:
  enabled: false
outsidePush:
  enabled: false
outsideSignOn:
  enabled: false
# push_server as the push service of phones without internet; needs its setting PUSH_SERVICE_URL.
pushService:
  enabled: false

# Names by which clients and callers come in, for ingress and gateway.
hosts:
  login: ""
  chat: ""
  files: ""
  images: ""
  web: ""
  api: ""
ingress:
  enabled: false
  className: ""
  tlsSecret: teamtalk-ingress-tls
  annotations:
    # Of ingress-nginx; other controllers have their own. A WebSocket is quiet between two heartbeats.
    nginx.ingress.kubernetes.io/proxy-read-timeout: "360"
    nginx.ingress.kubernetes.io/proxy-send-timeout: "360"
    # MAX_UPLOAD_BYTES of msfs, and room for what is around an image.
    nginx.ingress.kubernetes.io/proxy-body-size: 11m
gateway:
  enabled: false
  className: ""
  # the names its listener takes
  hostname: ""
  tlsSecret: teamtalk-gateway-tls

image:
  # registry.example.com; images are called teamtalk/msg_server and so on there
  registry: ""
  # empty: the chart's appVersion
  tag: ""
  pullPolicy: IfNotPresent
  # msg_server: sha256:…, in the place of the tag
  digests: {}

# Fields for every pod: nodeSelector, tolerations, imagePullSecrets, priorityClassName, runtimeClassName.
pod: {}

# By service: replicas (the autoscaler's min and max), resources, pod (as above), and settings, whose names and defaults are
# those of docs/reference/configuration.md; what is secret is in the Secret teamtalk-secrets.`;
