import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { OutputLines } from "../../../src/jobs/command/output.ts";
import { redactorOf } from "../../../src/jobs/command/redact.ts";

interface Heard {
  lines: string[];
  cut: number;
  last: readonly string[];
}

function heard(
  chunks: readonly Buffer[],
  bytesMax = 1e9,
  secrets: Record<string, string> = {},
): Heard {
  const lines: string[] = [];
  let cut = 0;
  const sink = {
    line: (_stream: string, text: string) => void lines.push(text),
    cut: (bytes: number) => void (cut += bytes),
  };
  const output = new OutputLines(sink, redactorOf(secrets), bytesMax);
  for (const chunk of chunks) output.push("stdout", chunk);
  output.end();
  return { lines, cut, last: output.lastLines() };
}

/** Cuts bytes at these places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort(
    (a, b) => a - b,
  );
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}

void test("lines do not depend on where the pipe cuts them", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "🙂", "\n", "\r", "\u001b[31m", " ") });
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (said, places) => {
      const bytes = Buffer.from(said);
      assert.deepEqual(heard(cutAt(bytes, places)).lines, heard([bytes]).lines);
    }),
  );
});

void test("a secret is hidden wherever the pipe, a long line or the cap cuts it", () => {
  const token = "abc-123-SECRET-xyz";
  const filler = fc.string({ unit: fc.constantFrom("a", "b", "-", "\n"), maxLength: 20 });
  // Just around the lengths at which lines are cut, from either end.
  const length = fc
    .record({ cut: fc.constantFrom(0, 8_192, 16_384), before: fc.integer({ min: -4, max: 40 }) })
    .map(({ cut, before }) => Math.max(0, cut - before));
  fc.assert(
    fc.property(
      fc.record({
        before: filler,
        padding: length,
        after: length,
        /** Where the pipe cuts within the secret. */
        within: fc.integer({ min: 0, max: token.length }),
        places: fc.array(fc.nat(), { maxLength: 3 }),
        bytesMax: fc.constantFrom(1, 100, 1e9),
      }),
      ({ before, padding, after, within, places, bytesMax }) => {
        const start = `${before}${"x".repeat(padding)}`;
        const said = Buffer.from(`${start}${token}${"y".repeat(after)}`);
        const chunks = cutAt(said, [start.length + within, ...places]);
        const { lines } = heard(chunks, bytesMax, { TOKEN: token });
        const shown = lines.join("");
        for (let from = 0; from + 5 <= token.length; from++) {
          const part = token.slice(from, from + 5);
          assert.ok(!shown.includes(part), `${part} of the secret is shown`);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

void test("after the cap the last words still come, and what is missing is counted", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `line ${index}`);
  const bytes = Buffer.from(`${many.join("\n")}\n`);
  const { lines, cut, last } = heard(cutAt(bytes, [20_000, 40_000, 60_000, 80_000]), 10_000);
  assert.equal(last.at(-1), "line 9999");
  assert.equal(lines.at(-1), "line 9999");
  assert.ok(cut > 50_000 && lines.length < 1_000);
  const whole = heard([bytes], 10_000);
  assert.equal(whole.last.at(-1), "line 9999");
});

void test("a line that grows without end comes in pieces", () => {
  const { lines } = heard(Array.from({ length: 100 }, () => Buffer.alloc(1_000, "x")));
  assert.equal(lines.join("").length, 100_000);
  assert.ok(lines.every((line) => line.length <= 16_384));
});

void test("secrets are hidden in the forms in which programs print them", () => {
  const { redact } = redactorOf({
    API_KEY: 'a"b/c d',
    PEM: "-----BEGIN-----\nMIIEvQIBADANBg\n-----END-----",
    LEVEL: "debug",
    PIN: "1234",
    REGION: "eu-central-1",
  });
  const said = `a"b/c d a\\"b/c d a%22b%2Fc%20d MIIEvQIBADANBg debug 1234 eu-central-1`;
  assert.equal(redact(said), "******** ******** ******** ******** debug 1234 ********");
  assert.equal(redactorOf({}).redact("as it is"), "as it is");
  assert.equal(redactorOf({ TOKEN: "a.c*" }).redact("abcc a.c*"), "abcc ********");
});
