/** A field of a message: its number and its value, a text, a whole number or bytes. */
export type Field = readonly [id: number, value: string | number | Uint8Array];

const VARINT = 0;
const SIXTY_FOUR_BITS = 1;
const BYTES = 2;
const THIRTY_TWO_BITS = 5;

/**
 * A message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Numbers are
 * whole, from 0 to 2^53.
 */
export function encodeMessage(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([id, value]) => {
      if (typeof value === "number") return [varint(id * 8 + VARINT), varint(value)];
      const bytes = Buffer.from(value);
      return [varint(id * 8 + BYTES), varint(bytes.length), bytes];
    }),
  );
}

/** The values of the fields of a small message that are texts, bytes or messages, by number. */
export function decodeMessage(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let place = 0;
  const next = (): number => {
    const read = readVarint(message, place);
    if (!read) throw new RangeError("a message of protobuf ends within a field");
    place += read.length;
    return read.value;
  };
  while (place < message.length) {
    const tag = next();
    if (wireType(tag) === BYTES) {
      const length = next();
      if (place + length > message.length) throw new RangeError("a field of protobuf is cut off");
      fields.set(fieldId(tag), [
        ...(fields.get(fieldId(tag)) ?? []),
        message.subarray(place, place + length),
      ]);
      place += length;
    } else if (wireType(tag) === VARINT) next();
    else place += fixedLength(tag);
  }
  return fields;
}

/** The number of the field that a tag begins. */
export function fieldId(tag: number): number {
  return Math.floor(tag / 8);
}

/** Whether a tag begins a field of a length and so many bytes: a text, bytes, a message. */
export function isBytes(tag: number): boolean {
  return wireType(tag) === BYTES;
}

/** Whether a tag begins a field of one varint. */
export function isVarint(tag: number): boolean {
  return wireType(tag) === VARINT;
}

/** The bytes of a field of a fixed length. Throws for what is none. */
export function fixedLength(tag: number): number {
  if (wireType(tag) === SIXTY_FOUR_BITS) return 8;
  if (wireType(tag) === THIRTY_TWO_BITS) return 4;
  throw new RangeError(`protobuf has no fields of the kind ${wireType(tag)}`);
}

/** A varint and how many bytes it takes, or undefined where `bytes` end within it. */
export function readVarint(
  bytes: Uint8Array,
  place: number,
): { value: number; length: number } | undefined {
  let value = 0;
  for (let length = 1; length <= 10; length++) {
    const byte = bytes[place + length - 1];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (length - 1));
    if (byte < 0x80) return { value, length };
  }
  throw new RangeError("a number of protobuf has more than ten bytes");
}

function wireType(tag: number): number {
  return tag % 8;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}
