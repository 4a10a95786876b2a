/**
 * Names of keys whose values stay hidden even where the schema does not know them, as with a
 * mistyped key. Keys that the schema knows are secret when it marks them so.
 */
const SENSITIVE =
  /passw|passphrase|secret|token|credential|api_?key|private_?key|key_?file|webhook/i;

export function isSensitiveName(name: string | number): boolean {
  return typeof name === "string" && SENSITIVE.test(name);
}

/** What stands in a secret's place wherever one would be shown. */
export const HIDDEN = "********";
