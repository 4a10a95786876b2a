/** Chance from a seed: the same seed gives the same numbers for ever (mulberry32, of T. Ettinger). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Seeds that are neighbours begin alike.
    for (let round = 0; round < 4; round++) this.fraction();
  }

  /** In [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  is(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.whole(0, list.length - 1)] ?? list[0];
  }

  hex(bytes: number): string {
    let text = "";
    while (text.length < 2 * bytes) text += this.whole(0, 255).toString(16).padStart(2, "0");
    return text;
  }

  /** A stream of its own, so that what is drawn from one does not move the other. */
  fork(): Chance {
    return new Chance(this.whole(0, 0xffff_ffff));
  }
}
