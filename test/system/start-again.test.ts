import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { oneArena } from "../../src/system/start-again.ts";

const source = path.resolve(import.meta.dirname, "../../src/system/start-again.ts");
const isPossible = process.platform !== "win32";

void test("a process starts itself again once, as the same process, and hands nothing of it on", () => {
  const { stdout, stderr, status } = run(
    `say(); startAgain({ GIVEN: "1" }); startAgain({ GIVEN: "2" }); say(); process.exitCode = 3;`,
    { OTHER: "kept" },
  );
  assert.equal(stderr, "");
  assert.equal(status, 3);
  const said = stdout.trim().split("\n").map(toSaid);
  assert.equal(said.length, isPossible ? 3 : 2);
  assert.equal(new Set(said.map(({ pid }) => pid)).size, 1);
  for (const { given, other, mark, words } of said) {
    assert.deepEqual({ given, other, mark }, { given: null, other: "kept", mark: null });
    assert.deepEqual(words, ["one", "two words"]);
  }
});

void test("the mark of another process means nothing", () => {
  const { stdout } = run("say();", { CBI_STARTED_AGAIN: '[1,"OTHER"]', OTHER: "kept" });
  const said = toSaid(stdout);
  assert.equal(said.other, "kept");
  assert.equal(said.mark, null);
});

void test("malloc is left alone where a person has set it, and outside of Linux", () => {
  const ours = process.platform === "linux" ? { MALLOC_ARENA_MAX: "1" } : undefined;
  assert.deepEqual(oneArena({}), ours);
  assert.equal(oneArena({ MALLOC_ARENA_MAX: "4" }), undefined);
});

interface Said {
  pid: number;
  given: string | null;
  other: string | null;
  mark: string | null;
  words: string[];
}

function run(body: string, variables: Record<string, string>): SpawnSyncReturns<string> {
  const script = `import { settleStart, startAgain } from ${JSON.stringify(source)};
    const say = () => process.stdout.write(JSON.stringify({
      pid: process.pid,
      given: process.env.GIVEN ?? null,
      other: process.env.OTHER ?? null,
      mark: process.env.CBI_STARTED_AGAIN ?? null,
      words: process.argv.slice(-2),
    }) + "\\n");
    settleStart();
    ${body}`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script, "one", "two words"], {
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
}

function toSaid(line: string): Said {
  return JSON.parse(line) as Said;
}
