import { currentProcess } from "../mac/process.ts";

// In place of src/system/random.ts: chance from the seed.

export const systemRandom = {
  fraction: (): number => currentProcess().mac.chance.fraction(),
  hex: (bytes: number): string => currentProcess().mac.chance.hex(bytes),
};
