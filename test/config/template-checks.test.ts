import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, sentencesOf, SMALL } from "./support.ts";

void test("a name in braces that does not exist is a mistake when the configuration loads", () => {
  const table: [string, RegExp][] = [
    ["argv: ['true', '{slot_dat}']", /argv\[1\]: there is no value '\{slot_dat\}'; did you mean/],
    ["argv: ['true'], env: { A: '{asof}' }", /env\.A: there is no value '\{asof\}'/],
    ["argv: ['true'], cwd: 'x/{Job}'", /cwd: .*did you mean '\{job\}'/],
    ["argv: ['true'], outputs: [{ path: '{as_of:short}.json' }]", /outputs\[0\]\.path: expected/],
    ["argv: ['true'], gates: [{ fresh: '{day}.csv' }]", /gates\[0\]\.fresh: there is no value/],
    ["argv: ['true'], gates: [{ command: [sh, '{x}'] }]", /gates\[0\]\.command\[1\]: there is/],
    ["argv: ['true'], outputs: [{ path: x, as_of: today }]", /as_of: expected a date such as/],
    ["argv: ['true'], gates: [{ fresh: x, as_of: '{run}' }]", /as_of: expected a date such as/],
    [
      "argv: ['true'], outputs: [{ path: x, as_of_key: a, as_of_column: b }]",
      /as_of_key: expected one of as_of_column and as_of_key, got them together/,
    ],
    [
      "argv: ['true'], gates: [{ fresh: x, as_of_key: a, max_age: 1h }]",
      /max_age: expected one of/,
    ],
  ];
  for (const [keys, says] of table) {
    const sentences = sentencesOf(`${SMALL}jobs: { scan: { kind: command, ${keys} } }\n`);
    assert.equal(sentences.length, 1, keys);
    assert.match(sentences[0] ?? "", says, keys);
  }
});

void test("what may stand in braces does, and other braces are left alone", () => {
  const keys =
    "argv: [sh, '{slot}', '{\"a\":{\"b\":1}}', '{{later}}', 'awk {print $1}'], " +
    "outputs: [{ path: 'out/{slot_date:compact}.json', as_of: '{trading_date}' }], " +
    "gates: [{ fresh: 'list.csv', as_of: 2025-12-31 }]";
  parse(`${SMALL}jobs: { scan: { kind: command, ${keys} } }\n`);
});
