import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

const COMMANDS = path.resolve(import.meta.dirname, "../../examples/commands");

void test("a backup is restored and compared before it counts, and the newest are kept", () => {
  using place = new Place();
  place.write("state/deep/list.json", "{}");
  place.write("state/-odd name.json", "odd");
  place.python(`import sqlite3
d = sqlite3.connect("state/db.sqlite"); d.execute("PRAGMA journal_mode=WAL")
d.execute("CREATE TABLE t (a)"); d.execute("INSERT INTO t VALUES (1)"); d.commit()`);
  symlinkSync("/etc/passwd", place.file("state/link.json"));
  const backup = (name: string): Ended =>
    place.run(
      "state_backup.py",
      "backup",
      "--to",
      "backups",
      "--name",
      name,
      "--keep",
      "2",
      "state/**",
      "backups/*",
    );
  for (const day of ["01", "02", "03"]) {
    const ended = backup(`backup_202511${day}.tar.gz`);
    assert.equal(ended.code, 0, ended.text);
    assert.match(ended.text, /3 files/);
  }
  assert.deepEqual(place.list("backups"), ["backup_20251102.tar.gz", "backup_20251103.tar.gz"]);
  const into = ["--into", "restored"];
  assert.equal(
    place.run("state_backup.py", "restore", "backups/backup_20251103.tar.gz", ...into).code,
    0,
  );
  const count = place.python(
    `import sqlite3; print(sqlite3.connect("restored/state/db.sqlite").execute("SELECT a FROM t").fetchall())`,
  );
  assert.equal(count.text, "[(1,)]\n");
  assert.deepEqual(place.list("restored/state"), ["-odd name.json", "db.sqlite", "deep"]);
  const again = place.run("state_backup.py", "restore", "backups/backup_20251103.tar.gz", ...into);
  assert.deepEqual([again.code, /nothing is overwritten/.test(again.text)], [2, true]);
});

void test("an archive that was changed, or leads out of its folder, is not restored", () => {
  using place = new Place();
  const make = (name: string, sha: string): void => {
    place.python(`import io, json, tarfile
with tarfile.open("bad.tar.gz", "w:gz") as t:
    def add(n, c):
        i = tarfile.TarInfo(n); i.size = len(c); t.addfile(i, io.BytesIO(c))
    add(${JSON.stringify(name)}, b"x")
    add("MANIFEST.json", json.dumps({"files": [{"path": ${JSON.stringify(name)}, "bytes": 1, "sha256": ${JSON.stringify(sha)}, "sqlite": False}]}).encode())`);
  };
  const x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
  for (const [name, sha, says] of [
    ["a", "00", /differs from what the manifest says/],
    ["../out", x, /no plain file below/],
    ["/tmp/cbi-out", x, /no plain file below/],
  ] as const) {
    make(name, sha);
    const ended = place.run("state_backup.py", "restore", "bad.tar.gz", "--into", "restored");
    assert.equal(ended.code, 2, name);
    assert.match(ended.text, says, name);
  }
  make("a", x);
  assert.equal(place.run("state_backup.py", "restore", "bad.tar.gz", "--into", "restored").code, 0);
  place.write("cut.tar.gz", "no archive");
  assert.equal(place.run("state_backup.py", "restore", "cut.tar.gz", "--into", "other").code, 1);
});

void test("a backup of nothing, of elsewhere, or under a path is refused", () => {
  using place = new Place();
  place.write("state/a.json", "{}");
  const backup = (name: string, ...patterns: string[]): number | null =>
    place.run(
      "state_backup.py",
      "backup",
      "--to",
      "backups",
      "--name",
      name,
      "--keep",
      "2",
      ...patterns,
    ).code;
  assert.equal(backup("b.tar.gz", "missing/*"), 2);
  assert.equal(backup("b.tar.gz", "../*"), 2);
  assert.equal(backup("b.tar.gz", "/etc/*"), 2);
  assert.equal(backup("../b.tar.gz", "state/*"), 2);
  place.write("state/torn.sqlite", "SQLite format 3\u0000 and then nothing");
  assert.equal(backup("b.tar.gz", "state/*"), 1, "a database that does not open");
  assert.equal(place.list(".").includes("backups") && place.list("backups").length, 0);
});

void test("prices that are late are tried again, and prices that are wrong are not", () => {
  using place = new Place();
  const check = (rows: readonly string[], asOf = "2025-11-05"): Ended => {
    place.write("p.csv", ["date,usd", ...rows, ""].join("\n"));
    return place.run(
      "price_check.py",
      "--table",
      "p.csv",
      "--price",
      "usd",
      "--as-of",
      asOf,
      "--stuck-max",
      "3",
      "--report",
      "r/q.json",
    );
  };
  const good = ["2025-11-03,60", "2025-11-04,61", "2025-11-05,62"];
  assert.equal(check(good).code, 0);
  assert.equal(check([...good, "2025-11-06,nonsense"]).code, 0, "a later row may not be known");
  assert.equal(check(good, "2025-11-06").code, 1);
  assert.equal(check([]).code, 1);
  const wrong: [readonly string[], RegExp][] = [
    [["2025-11-03,60", "2025-11-05,61", "2025-11-05,62"], /once each/],
    [["2025-11-04,60", "2025-11-03,61", "2025-11-05,62"], /must rise/],
    [["2025-11-04,60", "2025-11-05,nan"], /expected a number/],
    [["01", "02", "03", "04", "05"].map((day) => `2025-11-${day},60`), /stands still/],
  ];
  for (const [rows, says] of wrong) {
    const ended = check(rows);
    assert.equal(ended.code, 2, rows.join());
    assert.match(ended.text, says);
  }
});

void test("an environment with a leak or a gap fails, and one with a hope warns", () => {
  using place = new Place();
  place.write(".env", "A=1\n", 0o600);
  place.write("config.yml", "a: 1\n");
  const check = (...words: string[]): Ended =>
    place.run("environment_check.py", "--free-gb", "0", ...words);
  assert.equal(
    check("--interpreter", "python3", "--secrets", ".env", "--secret", "A", "--file", "config.yml")
      .code,
    0,
  );
  assert.equal(check("--database", "missing.db", "--writable", "missing").code, 2);
  assert.equal(check("--interpreter", "no-such-python").code, 1);
  assert.equal(check("--interpreter", "python3", "--at-least", "9.0").code, 1);
  assert.equal(check("--secrets", ".env", "--secret", "B").code, 1);
  assert.equal(check("--database", "config.yml").code, 1);
  place.write(".env", "A=1\n", 0o644);
  assert.match(check("--secrets", ".env").text, /chmod 600/);
});

void test("a heartbeat counts by its inside, and a touched file is a warning", () => {
  using place = new Place();
  const check = (): number | null =>
    place.run("heartbeat_check.py", "--file", "h.json", "--key", "at", "--max-age-seconds", "60")
      .code;
  assert.equal(check(), 1);
  place.write("h.json", JSON.stringify({ at: new Date(Date.now()).toISOString() }));
  assert.equal(check(), 0);
  place.write("h.json", JSON.stringify({ at: "2025-01-01T00:00:00Z" }));
  assert.equal(check(), 2);
  place.write("h.json", JSON.stringify({ at: "2025-01-01T00:00:00" }));
  assert.equal(check(), 2, "a time without a zone is of nobody knows where");
  place.write("h.json", "[]");
  assert.equal(check(), 1);
});

void test("files go by the day in their name, and nothing outside of the folder goes", () => {
  using place = new Place();
  for (const name of [
    "a_2024-01-01.csv",
    "a_20240101.csv",
    "a_2025-11-01.csv",
    "notes.csv",
    "a_2024-99-99.csv",
  ]) {
    place.write(`d/${name}`, "x");
  }
  const remove = (...words: string[]): Ended =>
    place.run("remove_old.py", "--today", "2025-11-30", "--older-than-days", "400", ...words);
  assert.match(remove("d/*", "--dry-run").text, /would remove d\/a_2024-01-01.csv/);
  assert.equal(place.list("d").length, 5);
  assert.equal(remove("d/*").code, 0);
  assert.deepEqual(place.list("d"), ["a_2024-99-99.csv", "a_2025-11-01.csv", "notes.csv"]);
  assert.equal(remove("../*").code, 2);
});

interface Ended {
  code: number | null;
  /** Both streams. */
  text: string;
}

/** A folder in which the commands of the examples run. */
class Place implements Disposable {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "cbi-commands-"));

  run(command: string, ...words: string[]): Ended {
    return this.#python([path.join(COMMANDS, command), ...words]);
  }

  python(text: string): Ended {
    return this.#python(["-c", text]);
  }

  write(name: string, text: string, mode = 0o644): void {
    mkdirSync(path.dirname(this.file(name)), { recursive: true });
    rmSync(this.file(name), { force: true });
    writeFileSync(this.file(name), text, { mode });
  }

  file(name: string): string {
    return path.join(this.#folder, name);
  }

  list(name: string): string[] {
    return readdirSync(this.file(name)).sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #python(words: readonly string[]): Ended {
    const { status, stdout, stderr } = spawnSync("python3", words, {
      cwd: this.#folder,
      encoding: "utf8",
    });
    return { code: status, text: stdout + stderr };
  }
}
