import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { expand, expansionProblem, type ExpansionValues } from "../../src/config/expansion.ts";

const VALUES: ExpansionValues = {
  slot: "2026-11-20T08:30",
  slot_date: "2026-11-20",
  as_of: "2026-11-19",
  trading_date: "2026-11-20",
  run: "20261120t133000z-abc123",
  job: "scan",
  attempt: "2",
  home: "/srv/home",
};

void test("names in braces are filled in, and nothing else is touched", () => {
  const table: [string, string][] = [
    ["{slot}", "2026-11-20T08:30"],
    ["out/{slot_date}/{job}-{attempt}.json", "out/2026-11-20/scan-2.json"],
    ["pregame_{slot_date:compact}.md", "pregame_20261120.md"],
    ["--end={as_of}", "--end=2026-11-19"],
    ["{{as_of}} {{nobody}} {{as_of:compact}}", "{as_of} {nobody} {as_of:compact}"],
    ['{"a":{"b":[1]},"c":{}}', '{"a":{"b":[1]},"c":{}}'],
    ["${1} {} { as_of } {1}", "${1} {} { as_of } {1}"],
    ["awk '{print $1}'", "awk '{print $1}'"],
  ];
  for (const [text, expected] of table) {
    assert.deepEqual(expand(text, VALUES), { text: expected });
  }
});

void test("an unknown name is refused with the nearest one, also when the configuration loads", () => {
  assert.match(expansionProblem("{slot_dat}") ?? "", /did you mean '\{slot_date\}'/);
  assert.match(expansionProblem("{As_Of}") ?? "", /did you mean '\{as_of\}'/);
  assert.match(expansionProblem("{nobody}") ?? "", /there are \{slot\}, \{slot_date\}/);
  assert.match(expansionProblem("{run:compact}") ?? "", /of slot_date, as_of, trading_date/);
  assert.match(expansionProblem("{as_of:short}") ?? "", /'\{as_of:compact\}'/);
  const withoutSlot = expand("x-{slot}", { ...VALUES, slot: undefined });
  assert.match("problem" in withoutSlot ? withoutSlot.problem : "", /handles no slot/);
});

void test("a value is never looked at again, and a text without braces stays", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const values = { ...VALUES, run: "{as_of}{{job}}" };
      const [left, right] = [before, after].map((text) => text.replaceAll(/[{}]/g, ""));
      assert.deepEqual(expand(`${left}{run}${right}`, values), {
        text: `${left}{as_of}{{job}}${right}`,
      });
    }),
  );
});

void test("every text either expands or has a problem that loading sees too", () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom("{", "}", "{{", "}}", "{as_of}", "{as_of:compact}", "{x}", ":compact", "slot"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join("");
      const expanded = expand(text, VALUES);
      assert.equal("problem" in expanded, expansionProblem(text) !== undefined);
    }),
  );
});
