import type { Comparison, FileChange } from "./look.ts";

/** A plan as people read it: each file, and the lines that change in it. */
export function diffLines({ files, removes }: Comparison): string[] {
  return [...files.flatMap((change) => fileLines(change)), ...removes.map((file) => `- ${file}`)];
}

const MARKS = { create: "+", replace: "~", chmod: "~", none: "=" } as const;

function fileLines({ file, change, before }: FileChange): string[] {
  const mode = file.mode.toString(8).padStart(4, "0");
  const head = `${MARKS[change]} ${file.path}  (${mode}, ${file.owner}${change === "chmod" ? ", mode or owner changes" : ""})`;
  if (change === "none" || change === "chmod") return [head];
  const after = linesOf(file.content);
  const lines =
    before === undefined ? after.map((line) => `+ ${line}`) : changed(linesOf(before), after);
  return [head, ...lines.map((line) => `    ${line}`.trimEnd())];
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

/** Added and removed lines by the longest common subsequence; equal ones are left out. */
function changed(before: readonly string[], after: readonly string[]): string[] {
  const common = commonLengths(before, after);
  const lines: string[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    if (left < before.length && right < after.length && before[left] === after[right]) {
      left += 1;
      right += 1;
    } else if (
      right >= after.length ||
      at(common, left + 1, right) >= at(common, left, right + 1)
    ) {
      if (left < before.length) lines.push(`- ${before[left++]}`);
      else lines.push(`+ ${after[right++]}`);
    } else lines.push(`+ ${after[right++]}`);
  }
  return lines;
}

function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const table = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  );
  for (let left = before.length - 1; left >= 0; left--) {
    const row = table[left] ?? [];
    for (let right = after.length - 1; right >= 0; right--) {
      row[right] =
        before[left] === after[right]
          ? at(table, left + 1, right + 1) + 1
          : Math.max(at(table, left + 1, right), at(table, left, right + 1));
    }
  }
  return table;
}

function at(table: readonly (readonly number[])[], left: number, right: number): number {
  return table[left]?.[right] ?? 0;
}
