import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import { parseEnv } from "node:util";
import * as fc from "fast-check";
import { parseEnvText, readEnvFile } from "../../../src/jobs/command/dotenv.ts";
import { Failure } from "../../../src/system/failure.ts";
import { JobUnderTest } from "../job-under-test.ts";

void test("the forms that people write are read", () => {
  const table: [string, Record<string, string>][] = [
    ["A=1", { A: "1" }],
    ["\uFEFFexport A = 1 # one\r\n\r\n# note\r\nB=2", { A: "1", B: "2" }],
    ["A=\nB=#x\nC=a#b", { A: "", B: "", C: "a#b" }],
    [`A='it is $HOME \\n' # x`, { A: "it is $HOME \\n" }],
    [String.raw`A="two\nlines \"so\" \\ \$5 \x"`, { A: 'two\nlines "so" \\ $5 \\x' }],
    [`KEY="-----BEGIN\nabc=\n-----END"\nB=1`, { KEY: "-----BEGIN\nabc=\n-----END", B: "1" }],
    ["URL=https://a:b@c/d?e=f&g", { URL: "https://a:b@c/d?e=f&g" }],
    ["__proto__=1", Object.fromEntries([["__proto__", "1"]])],
    ["", {}],
  ];
  for (const [text, variables] of table) {
    assert.deepEqual(parseEnvText(text), { variables }, text);
  }
});

void test("what is none of them is a problem with its line, and never shows a value", () => {
  const table: [string, RegExp][] = [
    ["A=1\nsecret words", /^line 2: expected NAME=value$/],
    ["A=1\n\nA=2", /^line 3: A is given twice$/],
    ["A='open\nB=1", /^line 1: A: the quote ' is not closed$/],
    [`A="open\nB=1`, /^line 1: A: the quote " is not closed$/],
    [`A="x" y`, /^line 1: A: expected nothing after the closing quote$/],
    ["1A=x", /^line 1: expected NAME=value$/],
    ["A-B=x", /^line 1/],
    ["A: x", /^line 1/],
    ["A=1\0", /zero byte/],
  ];
  for (const [text, says] of table) {
    const parsed = parseEnvText(text);
    const problem = "problem" in parsed ? parsed.problem : "";
    assert.match(problem, says, text);
    assert.doesNotMatch(problem, /secret words|open/);
  }
});

void test("plain lines are read as the platform's own parser reads them", () => {
  const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
  const value = fc.stringMatching(/^[A-Za-z0-9 ./:@?&=+*-]{0,20}$/);
  fc.assert(
    fc.property(fc.dictionary(name, value), (variables) => {
      // It takes the next line for the value of a line that ends in blanks alone.
      fc.pre(Object.values(variables).every((one) => one === "" || one.trim() !== ""));
      const text = Object.entries(variables)
        .map(([key, one]) => `${key}=${one}\n`)
        .join("");
      const parsed = parseEnvText(text);
      assert.deepEqual("variables" in parsed && { ...parsed.variables }, { ...parseEnv(text) });
    }),
  );
});

void test("every value survives being written in double quotes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      fc.pre(!value.includes("\0") && !value.includes("\r"));
      const text = `A="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"\n`;
      assert.deepEqual(parseEnvText(text), { variables: { A: value } });
    }),
  );
});

void test("a file is read when it is closed to others, or open to the group alone", async () => {
  await using job = await JobUnderTest.make();
  const table: [number, string | undefined][] = [
    [0o600, undefined],
    [0o400, undefined],
    [0o640, undefined],
    [0o644, "CBI_SECRETS_EXPOSED"],
    [0o660, "CBI_SECRETS_EXPOSED"],
    [0o602, "CBI_SECRETS_EXPOSED"],
  ];
  for (const [mode, code] of table) {
    const file = await job.write(`env-${mode}`, "A=1\n");
    await chmod(file, mode);
    const read = await readEnvFile(file).catch((error: unknown) => error);
    if (code === undefined) assert.deepEqual(read, { A: "1" });
    else assert.ok(read instanceof Failure && read.code === code, mode.toString(8));
  }
  const folder = await readEnvFile(job.paths.root).catch((error: unknown) => error);
  assert.ok(folder instanceof Failure && folder.code === "CBI_SECRETS_UNREADABLE");
});
