/**
 * Asks V8 for a small heap; to be called before anything else. An orchestrator spends its night waiting
 * for workers, and the default of three 16 MB nurseries is a third of what it may take in all. A flag
 * of the process, and not of its start, because npx and people start `cbi` in their own ways.
 */
export function keepHeapSmall(): void {
  // By need: a quick command takes a tenth longer with it.
  process.getBuiltinModule("node:v8").setFlagsFromString("--optimize-for-size");
}

let isWaiting = false;

/**
 * Keeps V8's optimizing compilers from being loaded at all, which are an eighth of the memory of a
 * process that waits; a minute's tick needs none. `letOptimize` gives them back before real work.
 */
export function waitUnoptimized(): void {
  isWaiting = true;
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of ["--no-opt", "--no-maglev"]) setFlagsFromString(flag);
}

/** What V8 does unless told otherwise; nothing where it was not. */
export function letOptimize(): void {
  if (!isWaiting) return;
  isWaiting = false;
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  for (const flag of ["--opt", "--maglev"]) setFlagsFromString(flag);
}

let collect: ((options: { type: "minor" }) => void) | undefined;

/**
 * Frees what has just become garbage, in a millisecond. For loops that pass on many buffers: these lie
 * outside of V8's heap, which is so small beside them that it would let a hundred megabytes come together
 * before it looked. The function is V8's own, which it shows to contexts made under the flag.
 */
export function collectYoungGarbage(): void {
  if (!collect) {
    process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
    const found: unknown = process.getBuiltinModule("node:vm").runInNewContext("gc");
    collect = typeof found === "function" ? (options) => void found(options) : () => undefined;
  }
  collect({ type: "minor" });
}
