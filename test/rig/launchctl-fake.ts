/**
 * An executable `launchctl` of one user's domain with its state in $LAUNCHD: `bootout` takes some looks
 * to end, `bootstrap` ends with 5 while a label is known, a disabled one with 119, an unknown one is 113
 * on standard error. $LAUNCHD/refuse holds `VERB CODE` for calls that fail by themselves.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Looks that a label survives its bootout. */
const LOOKS = 3;
const folder = process.env["LAUNCHD"] ?? "";
const [verb = "", target = "", file = ""] = process.argv.slice(2);
const label = path.basename(target);
const known = (name: string): string => path.join(folder, "known", name);
const disabled = path.join(folder, "disabled");

mkdirSync(path.join(folder, "known"), { recursive: true });
appendFileSync(path.join(folder, "calls"), `${[verb, target, file].join(" ").trim()}\n`);
process.exitCode = refusal() ?? answer();

function answer(): number {
  switch (verb) {
    case "print":
      return print();
    case "print-disabled":
      process.stdout.write(
        `\tdisabled services = {\n${listed()
          .map((one) => `\t\t"${one}" => disabled\n`)
          .join("")}\t}\n`,
      );
      return 0;
    case "enable":
    case "disable": {
      const rest = listed().filter((one) => one !== label);
      writeFileSync(disabled, [...rest, ...(verb === "disable" ? [label] : [])].join("\n"));
      return 0;
    }
    case "bootout":
      if (!existsSync(known(label))) return says(3, "Boot-out failed: 3: No such process");
      writeFileSync(known(label), JSON.stringify({ ...stateOf(label), looks: LOOKS }));
      return 0;
    case "bootstrap":
      return bootstrap();
    default:
      return says(64, "Unrecognized subcommand");
  }
}

function print(): number {
  if (!existsSync(known(label))) {
    return says(113, `Bad request.\nCould not find service "${label}" in domain for user gui: 501`);
  }
  const state = stateOf(label);
  process.stdout.write(
    `${target} = {\n\tactive count = 0\n\tpath = ${state.path}\n\tstate = ${state.looks === undefined ? state.state : "SIGTERMed"}\n\n` +
      `\tevent triggers = {\n\t\tx => {\n\t\t\tstate = 9\n\t\t\tpath = /wrong\n\t\t}\n\t}\n}\n`,
  );
  if (state.looks === undefined) return 0;
  if (state.looks <= 1) rmSync(known(label));
  else writeFileSync(known(label), JSON.stringify({ ...state, looks: state.looks - 1 }));
  return 0;
}

function bootstrap(): number {
  const name = path.basename(file, ".plist");
  if (!existsSync(file)) return says(5, "Bootstrap failed: 5: Input/output error");
  if ((statSync(file).mode & 0o022) !== 0) return says(122, "Path had bad ownership/permissions");
  if (listed().includes(name)) return says(119, "Bootstrap failed: 119: Service is disabled");
  if (existsSync(known(name))) return says(5, "Bootstrap failed: 5: Input/output error");
  writeFileSync(
    known(name),
    JSON.stringify({ path: file, state: "not running", text: readFileSync(file, "utf8") }),
  );
  return 0;
}

function stateOf(name: string): { path: string; state: string; looks?: number } {
  return JSON.parse(readFileSync(known(name), "utf8")) as { path: string; state: string };
}

function listed(): string[] {
  return existsSync(disabled) ? readFileSync(disabled, "utf8").split("\n").filter(Boolean) : [];
}

function refusal(): number | undefined {
  const asked = path.join(folder, "refuse");
  const [refused, code] = existsSync(asked) ? readFileSync(asked, "utf8").split(" ") : [];
  if (refused !== verb) return undefined;
  rmSync(asked);
  return says(
    Number(code),
    `${verb} failed: ${code}: as asked (${readdirSync(folder).length} files)`,
  );
}

function says(code: number, text: string): number {
  process.stderr.write(`${text}\n`);
  return code;
}
