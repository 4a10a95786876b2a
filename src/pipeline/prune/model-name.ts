/** A version in one word, `1w/lightgbm_dart/<version>`; the random walk has none. */
export function modelName(key: {
  horizon: string;
  algorithm: string;
  version?: string | undefined;
}): string {
  return `${key.horizon}/${key.algorithm}/${key.version ?? ""}`;
}
