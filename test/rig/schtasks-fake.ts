/**
 * An executable `schtasks.exe` with its tasks in $SCHTASKS, a file each: it ends with 1 whatever failed,
 * takes no file but well-formed UTF-16 with its mark, prints what it has in the console's code page, and
 * speaks German where $SCHTASKS/german is. Whoever has not $SCHTASKS/elevated may make no task that runs
 * at a boot, at anybody's logon, or without a logon.
 */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

const ABSENT = "ERROR: The system cannot find the file specified.";
const DENIED = "ERROR: Access is denied.";
const GERMAN = new Map([
  [ABSENT, "FEHLER: Das System kann die angegebene Datei nicht finden."],
  [DENIED, "FEHLER: Zugriff verweigert"],
]);
/** What a task says of its last result while it has none, and while it runs (Microsoft, "Task Scheduler Error and Success Constants"). */
const NOT_RUN = 267_011;
const RUNNING = 267_009;
const SWITCHES = ["/XML", "/F", "/TN", "/ENABLE", "/DISABLE", "/FO", "/NH", "/V"];

const folder = process.env["SCHTASKS"] ?? "";
const [verb = "", ...words] = process.argv.slice(2);
const tasks = path.join(folder, "tasks");
mkdirSync(tasks, { recursive: true });
appendFileSync(path.join(folder, "calls"), `${[verb, ...words].join(" ")}\n`);
process.exitCode = answer();

function answer(): number {
  const odd = words.find((word) => word.startsWith("/") && isUnknown(word));
  if (odd) return says(`ERROR: Invalid argument/option - '${odd}'.\nType "SCHTASKS /?" for usage.`);
  const name = valueOf("/TN");
  switch (verb) {
    case "/Create":
      return create(name, onDisk(valueOf("/XML")));
    case "/Query":
      return name === "" ? list() : query(name);
    case "/Delete":
      return remove(name);
    case "/Change":
      return change(name);
    case "/Run":
    case "/End":
      return run(name);
    default:
      return says(`ERROR: Invalid argument/option - '${verb}'.`);
  }
}

/** A path of the machine that the tests run on begins as an option does. */
function isUnknown(word: string): boolean {
  return !SWITCHES.includes(word) && !existsSync(word);
}

function valueOf(option: string): string {
  const at = words.indexOf(option);
  return at < 0 ? "" : (words[at + 1] ?? "");
}

/** A path of Windows lies, by its last part, in the folder of the state. */
function onDisk(file: string): string {
  return file.startsWith("/") ? file : path.join(folder, path.win32.basename(file));
}

function fileOf(name: string): string {
  return path.join(tasks, encodeURIComponent(name));
}

function create(name: string, file: string): number {
  if (!existsSync(file)) return says(ABSENT);
  const bytes = readFileSync(file);
  const text = bytes.toString("utf16le").replace(/^\uFEFF/, "");
  const hasMark = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (!hasMark || !isWellFormed(bytes) || !/<Task [^>]*mit\/task"/.test(text)) {
    return says("ERROR: The task XML is malformed.\n(1,2)::ERROR: incorrect document syntax");
  }
  const needsRights = /<BootTrigger>|<LogonType>S4U/.test(text) || isAnybodysLogon(text);
  if (needsRights && !existsSync(path.join(folder, "elevated"))) return says(DENIED);
  if (existsSync(fileOf(name)) && !words.includes("/F")) {
    return says(`WARNING: The task name "${name}" already exists.`);
  }
  const uri = `<URI>${name}</URI>\r\n  </RegistrationInfo>`;
  writeFileSync(fileOf(name), text.replace("</RegistrationInfo>", uri));
  return done(`The scheduled task "${name}" has successfully been created.`);
}

function isAnybodysLogon(text: string): boolean {
  const trigger = /<LogonTrigger>(.*?)<\/LogonTrigger>/s.exec(text)?.[1];
  return trigger !== undefined && !trigger.includes("<UserId>");
}

function isWellFormed(input: Buffer): boolean {
  const script = "import sys, xml.dom.minidom as x; x.parseString(sys.stdin.buffer.read())";
  // Whoever calls the fake may have no other program on its PATH.
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  return spawnSync("python3", ["-c", script], { input, env }).status === 0;
}

/** Letters that the code page has not are question marks. */
function query(name: string): number {
  if (!existsSync(fileOf(name))) return says(ABSENT);
  if (words.includes("/XML")) {
    const text = readFileSync(fileOf(name), "utf8");
    process.stdout.write(text.replaceAll(/[^\0-\x7F]/g, "?"));
  } else {
    process.stdout.write(`"PC","${name}","N/A","?","?","N/A","${lastResult(name)}","cbi"\r\n`);
  }
  return 0;
}

function list(): number {
  const names = ["\\Microsoft\\Windows\\Defrag\\ScheduledDefrag", ...readdirSync(tasks)];
  for (const name of names) {
    process.stdout.write(`"${decodeURIComponent(name)}","N/A","Bereit"\r\n`);
  }
  return 0;
}

function remove(name: string): number {
  if (!existsSync(fileOf(name))) {
    const german = existsSync(path.join(folder, "german"));
    if (german) return says(ABSENT);
    return says(`ERROR: The specified task name "${name}" does not exist in the system.`);
  }
  rmSync(fileOf(name));
  return done(`The scheduled task "${name}" was successfully deleted.`);
}

function change(name: string): number {
  if (!existsSync(fileOf(name))) return says(ABSENT);
  const text = readFileSync(fileOf(name), "utf8");
  const [, settings = ""] = /<Settings>(.*?)<\/Settings>/s.exec(text) ?? [];
  const isOn = words.includes("/ENABLE");
  const changed = settings.replace(/<Enabled>\w+</, `<Enabled>${isOn}<`);
  writeFileSync(fileOf(name), text.replace(settings, changed));
  return done(`The parameters of scheduled task "${name}" have been changed.`);
}

/** Of what runs there is one, and $SCHTASKS/result is what it ends with once that is there. */
function run(name: string): number {
  if (!existsSync(fileOf(name))) return says(ABSENT);
  const running = path.join(folder, "running");
  if (verb === "/End") {
    if (!existsSync(running)) return says("ERROR: There is no running instance of the task.");
    rmSync(running);
    return done(`The scheduled task "${name}" has been terminated successfully.`);
  }
  writeFileSync(running, name);
  return done(`Attempted to run the scheduled task "${name}".`);
}

function lastResult(name: string): string {
  const running = path.join(folder, "running");
  if (!existsSync(running) || readFileSync(running, "utf8") !== name) return `${NOT_RUN}`;
  const result = path.join(folder, "result");
  return existsSync(result) ? readFileSync(result, "utf8") : `${RUNNING}`;
}

function done(text: string): number {
  process.stdout.write(`SUCCESS: ${text}\r\n`);
  return 0;
}

function says(text: string): number {
  const german = existsSync(path.join(folder, "german")) ? GERMAN.get(text) : undefined;
  process.stderr.write(`${german ?? text}\r\n`);
  return 1;
}
