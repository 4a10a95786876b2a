import { randomBytes } from "node:crypto";

/** Chance, as the product sees it; a test or a simulator brings its own, seeded. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** `bytes` random bytes as lower-case hexadecimal text, twice as long. */
  hex(bytes: number): string;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString("hex"),
};
