import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ConfigFailure } from "../../src/config/config-failure.ts";
import { demoText, parse } from "./support.ts";

const RUNS = 600;

/** Pieces that break YAML, or mean more in it than they seem to. */
const PIECES = [
  "\t",
  "\n",
  "\r",
  ": ",
  "- ",
  "[",
  "]",
  "{",
  "}",
  "'",
  '"',
  "|",
  ">",
  "#",
  ",",
  "\r\n",
  "---\n",
  "...\n",
  "<<: *a",
  "&a ",
  "!!binary ",
  "__proto__: ",
  "constructor: ",
  ".inf",
  "0x1F",
  "1e999",
  "\u0000",
  "\uFEFF",
  "\u2028",
  "\uD800",
  "? ",
];

const mutation = fc.record({
  at: fc.nat(),
  cut: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 200 })),
  insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "binary", maxLength: 8 })),
});

void test("a damaged cbi.yaml is a configuration or a failure with places, never a crash", (t) => {
  const seed = Number(process.env["CBI_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed} (again with CBI_TEST_SEED=${seed})`);
  let [valid, invalid] = [0, 0];
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 6 });
  const property = fc.property(mutations, (changes) => {
    const text = changes.reduce(mutate, demoText);
    try {
      assert.equal(parse(text).config.version, 1);
      valid += 1;
    } catch (error) {
      assert.ok(error instanceof ConfigFailure, String(error));
      invalid += 1;
      assert.ok(error.problems.length > 0);
      for (const { line, column, message } of error.problems) {
        assert.ok(line === undefined || (line >= 1 && (column ?? 0) >= 1));
        assert.doesNotMatch(message, /^Invalid|undefined/);
      }
    }
  });
  fc.assert(property, { seed, numRuns: RUNS });
  t.diagnostic(`${valid} valid, ${invalid} invalid`);
  assert.ok(valid > 0 && invalid > 0);
});

function mutate(
  text: string,
  { at, cut, insert }: { at: number; cut: number; insert: string },
): string {
  const from = at % (text.length + 1);
  return text.slice(0, from) + insert + text.slice(from + cut);
}
