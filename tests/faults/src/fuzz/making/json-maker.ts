import type { Random } from '../../chaos/schedules/random.js';
import { boundary, hostileText, type Known, likelyNumber, likelyText } from './values.js';

/** The part of JSON Schema that an OpenAPI document of ours has. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minItems?: number;
}

/** Makes JSON for a schema, of which some is not what the schema says. */
export class JsonMaker {
  readonly random: Random;
  readonly #known: Known;
  readonly #schemas: Record<string, JsonSchema>;

  constructor(random: Random, known: Known, schemas: Record<string, JsonSchema>) {
    this.random = random;
    this.#known = known;
    this.#schemas = schemas;
  }

  /**
   * @param name what the value is called, which says what it is likely to be
   * @param hostility how likely each value is to be wrong, from 0 to 1
   */
  make(schema: JsonSchema, name: string, hostility: number, depth = 0): unknown {
    const { random } = this;
    if (depth > 6 || random.chance(hostility)) return this.wrong();
    const { $ref, anyOf, oneOf, allOf } = schema;
    const again = (other: JsonSchema) => this.make(other, name, hostility, depth + 1);
    if ($ref) return again(this.#schemas[$ref.split('/').at(-1)!] ?? {});
    if (anyOf ?? oneOf) return again(random.pick((anyOf ?? oneOf)!));
    if (allOf) return Object.assign({}, ...allOf.map(again));
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return random.pick(schema.enum);
    const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
    switch (type) {
      case 'object':
        return this.#object(schema, hostility, depth);
      case 'array': {
        const count = random.between(schema.minItems ?? 0, 4);
        const items = schema.items ?? {};
        return Array.from({ length: count }, () => this.make(items, name, hostility, depth + 1));
      }
      case 'integer':
      case 'number':
        return likelyNumber(random, snake(name), this.#known);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return likelyText(random, snake(name), this.#known);
    }
  }

  /** Something of any type. */
  wrong(): unknown {
    const { random } = this;
    switch (random.between(0, 9)) {
      case 0:
        return null;
      case 1:
        return boundary(random);
      case 2:
        return -boundary(random);
      case 3:
        return random.pick([0.5, 1e308, -0, 2 ** 53, 2 ** 63]);
      case 4:
        return [];
      case 5:
        return {};
      case 6:
        return random.chance(0.5);
      case 7:
        return [[[[{ a: [null] }]]]];
      default:
        return hostileText(random);
    }
  }

  #object(schema: JsonSchema, hostility: number, depth: number): Record<string, unknown> {
    const { random } = this;
    const made: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isNeeded = schema.required?.includes(name) ? !random.chance(hostility / 4) : random.chance(0.5);
      if (isNeeded) made[name] = this.make(property, name, hostility, depth + 1);
    }
    if (random.chance(hostility / 4)) {
      // An own property, as JSON.parse makes it.
      const name = random.pick(['__proto__', 'constructor', 'extra', '', 'toString']);
      Object.defineProperty(made, name, { value: this.wrong(), enumerable: true, configurable: true });
    }
    return made;
  }
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
