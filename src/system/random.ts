/** Chance, as the product sees it; a test or a simulator brings its own, seeded. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** `bytes` random bytes as lower-case hexadecimal text, twice as long. For names, never for secrets. */
  hex(bytes: number): string;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => Array.from({ length: bytes }, randomByte).join(""),
};

/** V8's own chance, seeded by the system; cryptography takes a fifth of Node's start to load. */
function randomByte(): string {
  return Math.floor(Math.random() * 256)
    .toString(16)
    .padStart(2, "0");
}
