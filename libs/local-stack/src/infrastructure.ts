/** A NATS server and a prefix of subjects that nobody else uses. */
export interface TestNats {
  url: string;
  prefix: string;
  /** of the users that bear the services' names; left out: it has none */
  servicePassword?: string;
}

export interface TestDatabase {
  name: string;
  url: string;
  /** Ends its connections and drops it; the end of the test run does so too. */
  drop(): Promise<void>;
}

export interface DatabaseOptions {
  /** false: an empty database; otherwise it has the newest schema */
  migrated?: boolean;
}

/** Where databases and NATS prefixes come from. */
export interface Infrastructure {
  nats(): Promise<TestNats>;
  database(options?: DatabaseOptions): Promise<TestDatabase>;
  close(): Promise<void>;
}

/** The variable by which the test run's global set-up tells the test files where it can be asked. */
export const infrastructureVariable = 'TEAMTALK_TEST_INFRASTRUCTURE';

/** The infrastructure of the test run; its servers start when they are first asked for. */
export function openInfrastructure(): Infrastructure | undefined {
  const address = process.env[infrastructureVariable];
  return address ? new SharedInfrastructure(address) : undefined;
}

/** A database of the calling test file alone, migrated to the newest schema unless told otherwise. */
export async function testDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
  return required().database(options);
}

/** The NATS server of the test run, and a prefix of the caller alone. */
export async function testNats(): Promise<TestNats> {
  return required().nats();
}

function required(): Infrastructure {
  const infrastructure = openInfrastructure();
  if (infrastructure) return infrastructure;
  throw new Error('there is no test infrastructure here: run the tests by vitest, with the global set-up');
}

/** Asks the process of the global set-up, over HTTP on the loopback address. */
class SharedInfrastructure implements Infrastructure {
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
  }

  async nats(): Promise<TestNats> {
    return (await this.#ask('nats')) as TestNats;
  }

  async database({ migrated = true }: DatabaseOptions = {}): Promise<TestDatabase> {
    const { name, url } = (await this.#ask(
      migrated ? 'migrated-database' : 'empty-database',
    )) as TestDatabase;
    return {
      name,
      url,
      drop: async () => {
        await this.#ask(`drop/${name}`);
      },
    };
  }

  /** It is the test run's; nothing to close here. */
  async close(): Promise<void> {}

  async #ask(what: string): Promise<unknown> {
    const response = await fetch(`${this.#address}/${what}`, {
      method: 'POST',
      signal: AbortSignal.timeout(90_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the test infrastructure failed (${what}): ${text}`);
    return JSON.parse(text);
  }
}
