import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { splitStatements } from "../../../src/warehouse/duckdb/statements.ts";

void test("statements end at semicolons outside of quotes and comments", () => {
  const sql = [
    "-- A comment; with a semicolon",
    "SELECT ';', \"a;b\", $$;$$, $tag$ ; $$ ; $tag$, E'it\\'s;', 'it''s;';",
    "",
    "/* ; /* nested ; */ still ; */",
    "SELECT 2 -- ; after",
    "  + 3;;",
    "SELECT 4",
  ].join("\n");
  assert.deepEqual(splitStatements(sql, "2025-12-31"), [
    { line: 2, text: "SELECT ';', \"a;b\", $$;$$, $tag$ ; $$ ; $tag$, E'it\\'s;', 'it''s;'" },
    { line: 5, text: "SELECT 2 -- ; after\n  + 3" },
    { line: 7, text: "SELECT 4" },
  ]);
});

void test("$as_of becomes the day as a DATE, but not in a string, name or comment", () => {
  const sql = `SELECT $as_of, '$as_of', "$as_of", $as_of_day -- $as_of`;
  assert.deepEqual(splitStatements(sql, "2025-12-31"), [
    {
      line: 1,
      text: `SELECT DATE '2025-12-31', '$as_of', "$as_of", $as_of_day -- $as_of`,
    },
  ]);
});

void test("an unclosed quote or comment runs to the end, where DuckDB refuses it", () => {
  for (const opened of ["SELECT 'a; b", 'SELECT "a; b', "SELECT $$a; b", "SELECT 1 /* a; b"]) {
    assert.deepEqual(splitStatements(opened, "2025-12-31"), [{ line: 1, text: opened }]);
  }
});

void test("no text is lost, doubled or moved, whatever it is", () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    "$$",
    "$a$",
    ";",
    "--",
    "\n",
    "/*",
    "*/",
    " ",
    "x",
    "é",
    "$as",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const sql = pieces.join("");
      const lines = sql.split("\n");
      let position = 0;
      for (const { text, line } of splitStatements(sql, "2025-12-31")) {
        // The same text may stand in a comment before it.
        const start = sql
          .split("\n")
          .slice(0, line - 1)
          .join("\n").length;
        const found = sql.indexOf(text, Math.max(position, start));
        assert.ok(found >= position, `${JSON.stringify(text)} in ${JSON.stringify(sql)}`);
        assert.equal(sql.slice(0, found).split("\n").length, line);
        position = found + text.length;
      }
      assert.ok(lines.length > 0);
    }),
  );
});
