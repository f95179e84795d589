import protobuf from 'protobufjs';
import type { Random } from '../../chaos/schedules/random.js';
import { boundary, bytesOf, hostileText, type Known, likelyNumber, likelyText } from './values.js';

/** The wire types of protobuf, by the type of a field; other scalars are varints. */
const wireTypes: Record<string, number> = {
  fixed64: 1,
  sfixed64: 1,
  double: 1,
  string: 2,
  bytes: 2,
  fixed32: 5,
  sfixed32: 5,
  float: 5,
};

/** What may be wrong with a field. */
type Fault = (maker: MessageMaker, field: protobuf.Field, out: protobuf.Writer) => void;

const faults: readonly Fault[] = [
  // missing
  () => {},
  // twice
  (maker, field, out) => {
    maker.field(field, out);
    maker.field(field, out);
  },
  (maker, field, out) => maker.wrongWireType(field, out),
  (maker, field, out) => maker.wrongWireType(field, out),
  (maker, field, out) => maker.boundaryOf(field, out),
  (maker, field, out) => maker.boundaryOf(field, out),
  (maker, field, out) => maker.boundaryOf(field, out),
  (maker, field, out) => maker.boundaryOf(field, out),
  (maker, field, out) => {
    maker.unknown(out);
    maker.field(field, out);
  },
  (maker, field, out) => {
    maker.field(field, out);
    maker.unknown(out);
  },
  (maker, _field, out) => maker.brokenLength(out),
  (maker, _field, out) => maker.hugeVarint(out),
  (maker, field, out) => maker.many(field, out),
];

const maxDepth = 5;

/** Makes encoded messages of a type: valid ones, and ones with something wrong in some of their fields. */
export class MessageMaker {
  readonly random: Random;
  readonly #known: Known;
  /** Fields that are never written, by full name: what they say is true for whoever may say it. */
  readonly #without: ReadonlySet<string>;
  #hostility = 0;
  #depth = 0;

  constructor(random: Random, known: Known, without: ReadonlySet<string> = new Set()) {
    this.random = random;
    this.#known = known;
    this.#without = without;
  }

  /** @param hostility how likely each field is to be wrong, from 0 to 1 */
  make(type: protobuf.Type, hostility: number): Uint8Array {
    this.#hostility = hostility;
    this.#depth = 0;
    const out = protobuf.Writer.create();
    this.#fields(type, out);
    return out.finish();
  }

  /** A field as it should be. */
  field(field: protobuf.Field, out: protobuf.Writer): void {
    const count = field.repeated ? this.random.between(0, 4) : 1;
    if (isPacked(field) && count > 0) {
      out.uint32(tag(field.id, 2)).fork();
      for (let i = 0; i < count; i++) this.#scalar(field, out, this.#number(field));
      out.ldelim();
      return;
    }
    for (let i = 0; i < count; i++) this.#one(field, out);
  }

  wrongWireType(field: protobuf.Field, out: protobuf.Writer): void {
    const { random } = this;
    const right = wireTypeOf(field);
    const wrong = random.pick([0, 1, 2, 3, 4, 5, 6, 7].filter((type) => type !== right));
    out.uint32(tag(field.id, wrong));
    this.#payload(wrong, out);
  }

  boundaryOf(field: protobuf.Field, out: protobuf.Writer): void {
    const { random } = this;
    if (field.type === 'string') {
      out.uint32(tag(field.id, 2));
      if (random.chance(0.2)) out.bytes(Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80]));
      else out.string(hostileText(random));
    } else if (field.type === 'bytes') {
      const length = random.chance(0.02) ? random.between(1_000, 40_000) : random.between(0, 300);
      out.uint32(tag(field.id, 2)).bytes(bytesOf(random, length));
    } else if (field.resolvedType instanceof protobuf.Type) {
      out.uint32(tag(field.id, 2)).bytes(bytesOf(random, random.between(0, 20)));
    } else {
      out.uint32(tag(field.id, wireTypeOf(field)));
      const value = boundary(random);
      if (wireTypeOf(field) === 0 && random.chance(0.1)) out.int64(-value);
      else this.#scalar(field, out, value);
    }
  }

  /** A field that no schema has. */
  unknown(out: protobuf.Writer): void {
    const { random } = this;
    const id = random.pick([0, 19, 99, 15_999, 19_000, 0x1fffffff]);
    const wireType = random.between(0, 7);
    out.uint32(tag(id, wireType));
    this.#payload(wireType, out);
  }

  /** Says it is longer than what is there. */
  brokenLength(out: protobuf.Writer): void {
    const length = this.random.pick([1, 100, 65_536, 0x7fffffff, 0xffffffff]);
    out.uint32(tag(this.random.between(1, 5), 2)).uint32(length);
  }

  /** More than a number of 64 bits has. */
  hugeVarint(out: protobuf.Writer): void {
    out.uint32(tag(this.random.between(1, 5), 0));
    out.raw(Buffer.alloc(this.random.pick([9, 10, 11, 40]), 0xff));
    if (this.random.chance(0.7)) out.raw(Buffer.from([1]));
  }

  many(field: protobuf.Field, out: protobuf.Writer): void {
    const count = this.random.chance(0.03) ? 500 : 20;
    for (let i = 0; i < count; i++) this.#one(field, out);
  }

  #fields(type: protobuf.Type, out: protobuf.Writer): void {
    const { random } = this;
    for (const field of type.fieldsArray) {
      if (this.#without.has(field.fullName)) continue;
      if (random.chance(this.#hostility)) random.pick(faults)(this, field, out);
      else if (field.required || random.chance(0.7)) this.field(field, out);
    }
  }

  #one(field: protobuf.Field, out: protobuf.Writer): void {
    const { resolvedType, type } = field;
    out.uint32(tag(field.id, wireTypeOf(field)));
    if (resolvedType instanceof protobuf.Type) {
      if (this.#depth >= maxDepth) {
        out.uint32(0);
        return;
      }
      this.#depth++;
      out.fork();
      this.#fields(resolvedType, out);
      out.ldelim();
      this.#depth--;
    } else if (type === 'string') out.string(likelyText(this.random, field.name, this.#known));
    else if (type === 'bytes') out.bytes(Buffer.from(likelyText(this.random, field.name, this.#known)));
    else this.#scalar(field, out, this.#number(field));
  }

  #number(field: protobuf.Field): number {
    const { resolvedType } = field;
    if (resolvedType instanceof protobuf.Enum) return this.random.pick(Object.values(resolvedType.values));
    return field.type === 'bool'
      ? this.random.between(0, 1)
      : likelyNumber(this.random, field.name, this.#known);
  }

  #scalar(field: protobuf.Field, out: protobuf.Writer, value: number): void {
    switch (wireTypeOf(field)) {
      case 1:
        if (field.type === 'double') out.double(this.random.chance(0.1) ? Number.NaN : value);
        else out.fixed64(value);
        break;
      case 5:
        out.fixed32(value);
        break;
      default:
        out.uint32(value);
    }
  }

  #payload(wireType: number, out: protobuf.Writer): void {
    const { random } = this;
    if (wireType === 0) out.uint32(boundary(random));
    else if (wireType === 1) out.double(boundary(random));
    else if (wireType === 2) out.bytes(bytesOf(random, random.between(0, 12)));
    else if (wireType === 5) out.fixed32(boundary(random));
    // Groups have no payload of their own: nested, or never ended.
    else if (wireType === 3) out.raw(Buffer.alloc(random.pick([0, 1, 100]), 0x0b));
  }
}

function wireTypeOf(field: protobuf.Field): number {
  return field.resolvedType instanceof protobuf.Type ? 2 : (wireTypes[field.type] ?? 0);
}

/** protobufjs says so of repeated texts and messages, too. */
function isPacked(field: protobuf.Field): boolean {
  return field.repeated && field.packed && wireTypeOf(field) !== 2;
}

function tag(id: number, wireType: number): number {
  return ((id << 3) | wireType) >>> 0;
}
