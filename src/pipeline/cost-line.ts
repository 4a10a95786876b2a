/** What a run's queries cost as a sentence, in the bytes by which a warehouse bills. */
export function costLine(cost: { bytes_estimated: number; bytes_billed: number }): string {
  const { bytes_estimated: estimated, bytes_billed: billed } = cost;
  return `The warehouse billed ${megabytes(billed)}; the estimate was ${megabytes(estimated)}.`;
}

/** `41.9 MB`: bytes in millions, as prices are given for. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
