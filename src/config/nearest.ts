/**
 * The candidate that a mistyped `word` most likely meant, or undefined when none is near: the same
 * letters in another case, or at most two edits away and fewer than half the word's letters.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const ranked = [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance);
  const best = ranked[0];
  if (!best || best.distance > 2 || best.distance * 2 > word.length) return undefined;
  return best.candidate;
}

/**
 * Edits between two words: letters added, lost or changed, and neighbours swapped (the optimal string
 * alignment distance). Lengths too far apart count as far.
 */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return Number.POSITIVE_INFINITY;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const viaChange = (previous[column - 1] ?? 0) + (isSame ? 0 : 1);
      const viaGap = Math.min(previous[column] ?? 0, current[column - 1] ?? 0) + 1;
      const viaSwap = isSwapped && row > 1 ? (beforePrevious[column - 2] ?? 0) + 1 : viaGap;
      current.push(Math.min(viaChange, viaGap, viaSwap));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}
