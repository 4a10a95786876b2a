import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parse } from "plist";
import { z } from "zod";
import { HOST_NAMES } from "../../src/install/machine.ts";
import { cbi } from "../cli/support.ts";
import { makeHome } from "./home-at.ts";

const planSchema = z.object({
  schema: z.literal(1),
  host: z.string(),
  app: z.object({ folder: z.string(), node: z.string(), entry: z.string() }),
  files: z.array(z.object({ path: z.string(), mode: z.string(), owner: z.string() })),
  units: z.array(z.object({ name: z.string(), file: z.string() })),
  wakes: z.array(z.object({ job: z.string(), slot: z.string(), at: z.iso.datetime() })),
});

for (const host of HOST_NAMES) {
  void test(`${host} is rendered on any machine, each file at its final path`, () => {
    const root = makeHome();
    const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-render-"));
    const user = mkdtempSync(path.join(os.tmpdir(), "cbi-user-"));
    const words = ["install", "--dry-run", "--host", host, "--render", folder, "--home", root];
    const options = { environment: { HOME: user } };
    const first = cbi([...words, "--json"], options);
    assert.equal(first.status, 0, first.stderr);
    const plan = planSchema.parse(JSON.parse(readFileSync(path.join(folder, "plan.json"), "utf8")));
    assert.deepEqual(planSchema.parse(JSON.parse(first.stdout)), plan);
    const planned = plan.files.map((file) => below(file.path)).sort();
    const rendered = filesIn(folder).filter((file) => file !== "plan.json");
    assert.deepEqual(rendered, planned);
    for (const { path: file, mode } of plan.files) {
      assert.equal(
        (statSync(path.join(folder, below(file))).mode & 0o777).toString(8),
        mode.slice(1),
      );
    }
    for (const { file } of plan.units) assert.ok(planned.includes(below(file)), file);
    assert.ok(plan.wakes.every(({ job }) => job === "nightly"));
    if (host === "launchd") assert.ok(plan.wakes.length >= 13);
    const texts = rendered.map((file) => readFileSync(path.join(folder, file), "utf8"));
    assert.equal(cbi(words, options).status, 0);
    assert.deepEqual(
      rendered.map((file) => readFileSync(path.join(folder, file), "utf8")),
      texts,
    );
    assert.deepEqual(readdirSync(user), [], "a dry run leaves no trace");
  });
}

void test("a rendered night points to the app folder's own Node and nowhere else", () => {
  const root = makeHome();
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-render-"));
  cbi(["install", "--dry-run", "--host", "launchd", "--render", folder, "--home", root]);
  const file = path.join(folder, "Library/LaunchDaemons/com.cbi.nightly.plist");
  const plist = z
    .object({ ProgramArguments: z.array(z.string()) })
    .parse(parse(readFileSync(file, "utf8")));
  const [caffeinate, flags, node, entry] = plist.ProgramArguments;
  assert.deepEqual([caffeinate, flags], ["/usr/bin/caffeinate", "-ims"]);
  for (const program of [node, entry]) {
    assert.match(program ?? "", /\/Library\/Application Support\/cbi\/current\//);
  }
});

void test("a plan on a terminal shows what is there, what is not, and what changes", () => {
  const root = makeHome();
  const shown = cbi(["install", "--dry-run", "--host", "launchd", "--home", root]);
  assert.match(
    shown.stdout,
    /^\+ \/Library\/LaunchDaemons\/com\.cbi\.nightly\.plist {2}\(0644, root\)$/m,
  );
  assert.match(shown.stdout, /^ {4}\+ .*<string>com\.cbi\.nightly<\/string>$/m);
});

void test("what no scheduler could hold is refused with what to do", () => {
  const cases = [
    { jobs: "jobs: { watchdog: { kind: pipeline, schedule: ['0 0 * * *'] } }", says: /'watchdog'/ },
    { jobs: "jobs: { nightly: { kind: pipeline } }", says: /no job of this home has a schedule/ },
  ];
  for (const { jobs, says } of cases) {
    const refused = cbi(["install", "--dry-run", "--home", makeHome(jobs)]);
    assert.equal(refused.status, 78, refused.stderr);
    assert.match(refused.stderr, says);
  }
  const broken = cbi(["install", "--dry-run", "--home", makeHome(undefined, "a\nb")]);
  assert.equal(broken.status, 78);
  assert.match(broken.stderr, /control character/);
});

void test("--render without --dry-run is a mistake", () => {
  const refused = cbi(["install", "--render", "x", "--home", makeHome()]);
  assert.equal(refused.status, 64);
});

function below(absolute: string): string {
  return absolute
    .replace(/^([A-Za-z]):/, "$1")
    .replaceAll("\\", "/")
    .replace(/^\//, "");
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
