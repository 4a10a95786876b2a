import type { SimProcess } from "./process.ts";

/** Something that will happen at an instant of true time. */
export interface Event {
  atMs: number;
  /** Whose timer it is: nobody's when the world brings it about. */
  process: SimProcess | undefined;
  work: () => void;
}

interface Entry {
  event: Event;
  order: number;
}

/** What will happen, in order of time, and of what is at the same time in the order in which it was added. */
export class Events {
  #heap: Entry[] = [];
  readonly #cancelled = new WeakSet<Event>();
  #order = 0;

  add(event: Event): Event {
    this.#push({ event, order: this.#order++ });
    return event;
  }

  cancel(event: Event): void {
    this.#cancelled.add(event);
  }

  isCancelled(event: Event): boolean {
    return this.#cancelled.has(event);
  }

  /** Takes the first event that is not after `endMs`. */
  next(endMs: number): Event | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (!first || (first.event.atMs > endMs && !this.#cancelled.has(first.event))) {
        return undefined;
      }
      this.#pop();
      if (!this.#cancelled.has(first.event)) return first.event;
    }
  }

  /** The timers of processes stood still for a while. */
  shift(byMs: number): void {
    const entries = this.#heap;
    this.#heap = [];
    for (const { event, order } of entries) {
      if (event.process) event.atMs += byMs;
      this.#push({ event, order });
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (!one) break;
      const [child, at] = other && isBefore(other, one) ? [other, left + 1] : [one, left];
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = at;
    }
    heap[index] = last;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  const between = left.event.atMs - right.event.atMs;
  return between < 0 || (between === 0 && left.order < right.order);
}
