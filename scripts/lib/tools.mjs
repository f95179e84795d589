// The programs the checks need besides what npm brings: from PATH, else from Debian's packages, else a sentence on
// how to get them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureProgram, installDebianPackages } from './programs.mjs';
import { StepError } from './steps.mjs';

const usualFolders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** For the test of the example web page. */
export function ensureChromium(env = process.env, folders = usualFolders) {
  return ensureProgram({ name: 'chromium', variable: 'CHROMIUM', hint: '' }, env, folders);
}

/** For the check of deploy/compose.yaml: it only reads the file, no Docker is needed. */
export function ensureCompose(env = process.env, folders = usualFolders) {
  const hint = '; macOS: `brew install docker-compose`';
  return ensureProgram({ name: 'docker-compose', variable: 'DOCKER_COMPOSE', hint }, env, folders);
}

/** For the check of the Kubernetes manifests. */
export function ensureKustomize(env = process.env, folders = usualFolders) {
  const hint = '; macOS: `brew install kustomize`';
  return ensureProgram({ name: 'kustomize', variable: 'KUSTOMIZE', hint }, env, folders);
}

/** Go and the libraries of Helm's engine, as source packages, for the test of the Helm chart. */
export async function ensureGo(env = process.env, folders = usualFolders) {
  const libraries = env.GO_LIBRARIES || '/usr/share/gocode';
  const packages = ['golang-go', 'golang-github-masterminds-sprig-dev', 'golang-k8s-sigs-yaml-dev'];
  const sources = ['github.com/Masterminds/sprig', 'sigs.k8s.io/yaml'];
  const missing = () => sources.filter((source) => !existsSync(path.join(libraries, 'src', source)));
  if (missing().length > 0) await installDebianPackages(packages, env, folders);
  if (missing().length > 0) {
    throw new StepError(
      `There is no ${missing().join(' and no ')} in ${libraries}. Install them (Debian: ` +
        `\`sudo apt-get install ${packages.join(' ')}\`), or set GO_LIBRARIES to a GOPATH that has them.`,
    );
  }
  return ensureProgram({ name: 'go', packageName: 'golang-go', variable: 'GO', hint: '' }, env, folders);
}

/** For the test of the dashboards and alerts: prometheus and promtool come in one package. */
export async function ensurePrometheus(env = process.env, folders = usualFolders) {
  const hint = '; macOS: `brew install prometheus`';
  const packageName = 'prometheus';
  await ensureProgram({ name: 'promtool', packageName, variable: 'PROMTOOL', hint }, env, folders);
  return ensureProgram({ name: 'prometheus', packageName, variable: 'PROMETHEUS', hint }, env, folders);
}

/** Debian keeps each version of PostgreSQL in a folder of its own; 15 is the oldest the services work with. */
const postgresFolders = [18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin`);

/** For the test of the backups: initdb lies beside the server and the tools of its version. */
export function ensurePostgresTools(env = process.env, folders = [...usualFolders, ...postgresFolders]) {
  const hint = '; macOS: `brew install postgresql`';
  const program = { name: 'initdb', packageName: 'postgresql', variable: 'PG_INITDB', hint };
  return ensureProgram(program, env, folders);
}

/** For the tests with a pooler in front of PostgreSQL. */
export function ensurePgbouncer(env = process.env, folders = usualFolders) {
  const hint = '; macOS: `brew install pgbouncer`';
  return ensureProgram({ name: 'pgbouncer', variable: 'PGBOUNCER', hint }, env, folders);
}

/** For the tests of the import: what a legacy installation keeps its data in. */
export async function ensureLegacyServers(env = process.env, folders = usualFolders) {
  const mariadb = { name: 'mariadbd', packageName: 'mariadb-server', variable: 'MARIADBD' };
  const used = await ensureProgram({ ...mariadb, hint: '; macOS: `brew install mariadb`' }, env, folders);
  const redis = { name: 'redis-server', variable: 'REDIS_SERVER', hint: '; macOS: `brew install redis`' };
  return `${used}, ${await ensureProgram(redis, env, folders)}`;
}
