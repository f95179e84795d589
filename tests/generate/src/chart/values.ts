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

/** A workload's section of `values.yaml`. */
interface ServiceValues {
  replicas?: { min: number };
  resources: object;
  settings?: object;
  pod: object;
}

type Schema = Readonly<Record<string, unknown>>;

/** values.yaml with the base's defaults, and the schema against which Helm checks all values. */
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

/** Puts lists of strings on one line. */
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

/** For each service, the settings in its ConfigMap with their descriptions from the reference. */
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
/** `required` applies where `switched` holds. */
const needs = (switched: Schema, required: Schema) => ({
  if: { properties: switched },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
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
    pushHosts: object({ ...enabled, egress: { type: 'array', items: { type: 'object' } } }),
    image: object({
      registry: text,
      tag: text,
      pullPolicy: { enum: ['IfNotPresent', 'Always', 'Never'] },
      digests: { type: 'object', additionalProperties: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } },
    }),
    pod,
    services: object(Object.fromEntries(serviceSchemas)),
    // Helm sets it when this is a subchart.
    global: { type: 'object' },
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart teamtalk',
    ...object(properties),
    allOf: [
      needs({ cloudNativePg: isOn }, { tls: { properties: { enabled: { const: true } } } }),
      needs({ ingress: isOn }, allHosts),
      needs({ pushHosts: isOn }, { pushHosts: { properties: { egress: { type: 'array', minItems: 1 } } } }),
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

const explained = `# Made from k8s/base by \`npm run docs\`. Do not edit; override values in a file of your own.

# How old clients reach msg_server: node-port, load-balancer, per-pod-address, or none if there are only web clients.
# docs/guides/kubernetes.md explains the choice.
wayIn: node-port

# The addresses that clients dial. per-pod-address: one for each pod of msg-server and of file-server, in their order.
# load-balancer: one for all msg-servers, and one for each file-server. There are never more pods than addresses.
addresses:
  msg-server: []
  file-server: []

# The component of the same name in k8s/components describes each of these.
tls:
  enabled: false
# PostgreSQL managed by the CloudNativePG operator; requires tls.
cloudNativePg:
  enabled: false
# HTTPS served by the services themselves, with the Secret teamtalk-http-tls.
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
# Also set services.push-server.settings.PUSH_TIME_ZONE, such as Asia/Shanghai: do-not-disturb is 22:00 to 07:00 in UTC otherwise.
outsidePush:
  enabled: false
# The addresses outside of the cluster that push-server may reach, as rules of a NetworkPolicy: PUSH_PROXY, a UnifiedPush server.
pushHosts:
  enabled: false
  egress: []
outsideSignOn:
  enabled: false
# push_server as the push service for phones without internet access; requires its setting PUSH_SERVICE_URL.
pushService:
  enabled: false

# The host names of ingress and gateway.
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
    # For ingress-nginx; other controllers have their own. A WebSocket is silent between two heartbeats.
    nginx.ingress.kubernetes.io/proxy-read-timeout: "360"
    nginx.ingress.kubernetes.io/proxy-send-timeout: "360"
    # MAX_UPLOAD_BYTES of msfs plus the multipart overhead.
    nginx.ingress.kubernetes.io/proxy-body-size: 11m
gateway:
  enabled: false
  className: ""
  # the host name of its listener
  hostname: ""
  tlsSecret: teamtalk-gateway-tls

image:
  # for example registry.example.com; images are named teamtalk/msg_server and so on below it
  registry: ""
  # empty: the chart's appVersion
  tag: ""
  pullPolicy: IfNotPresent
  # for example msg_server: sha256:…, used instead of the tag
  digests: {}

# Fields added to every pod: nodeSelector, tolerations, imagePullSecrets, priorityClassName, runtimeClassName.
pod: {}

# By service: replicas (the autoscaler's min and max), resources, pod (as above) and settings, whose names and defaults are
# in docs/reference/configuration.md. Secret values belong in the Secret teamtalk-secrets.`;
