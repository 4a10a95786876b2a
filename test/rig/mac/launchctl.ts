import { existsSync } from "node:fs";
import path from "node:path";
import { ok, says, type Answer, type Call, type Fake } from "./fake.ts";
import { isTrustworthy, launchd, readPlist } from "./launchd.ts";
import { disabledText, printText } from "./launchd-text.ts";

/**
 * `launchctl` as macOS 13 and later answer, with the codes and texts of captures; what nobody has
 * captured is as launchctl(1) says. `launchd.json` of the state is what it speaks of.
 */
export const launchctl: Fake = {
  answer(call) {
    const [verb = "", ...rest] = call.args;
    const act = VERBS[verb];
    return act ? act(rest, call) : says(64, `Unrecognized subcommand: ${verb}`);
  },
};

type Verb = (words: readonly string[], call: Call) => Answer;

const VERBS: Readonly<Record<string, Verb>> = {
  bootstrap: ([domain = "", file = ""], call) => bootstrap(domain, file, call),
  bootout: ([target = "", file], call) => bootout(target, file, call),
  enable: ([target = ""], call) => override(target, false, call),
  disable: ([target = ""], call) => override(target, true, call),
  kickstart,
  kill: ([signal = "", target = ""], call) => kill(signal, target, call),
  print: ([target = ""]) => print(target),
  "print-disabled": ([domain = ""]) => {
    const { overrides, dialect } = launchd.state;
    return { code: 0, stdout: disabledText(domain, overrides, dialect) };
  },
  // The old verbs end with 0 whatever happened (launchctl(1)).
  load: () => ({ code: 0, stderr: "Load failed: 5: Input/output error\n" }),
  unload: () => ({ code: 0, stderr: "Unload failed: 5: Input/output error\n" }),
  list: ([label = ""], { uid }) => list(label, uid),
};

function bootstrap(domain: string, file: string, call: Call): Answer {
  const refusal = refusalOf("Bootstrap", domain, call);
  if (refusal) return refusal;
  if (!existsSync(file)) return failed(call);
  if (!isTrustworthy(file, domain === "system" ? 0 : call.uid)) {
    return says(122, "Bootstrap failed: 122: Path had bad ownership/permissions");
  }
  const plist = readPlist(file);
  if (!plist) return failed(call);
  if (launchd.isDisabled(domain, plist.Label)) {
    return call.uid === 0
      ? says(119, `${file}: Service is disabled\nBootstrap failed: 119: Service is disabled`)
      : failed(call);
  }
  // Known already, or still ending.
  if (launchd.state.services[plist.Label]) return failed(call);
  launchd.load(domain, file, plist);
  return ok;
}

/** The code of many meanings; whoever is not root is told to be. */
function failed({ uid }: Call): Answer {
  const hint = "Try re-running the command as root for richer errors.\n";
  return says(5, `Bootstrap failed: 5: Input/output error\n${uid === 0 ? "" : hint}`);
}

function bootout(target: string, file: string | undefined, call: Call): Answer {
  const { domain, label } = parts(file === undefined ? target : `${target}/-`);
  const refusal = refusalOf("Boot-out", domain, call);
  if (refusal) return refusal;
  const name = file === undefined ? label : labelAt(file);
  const service = launchd.state.services[name];
  if (service?.domain !== domain) {
    return file === undefined
      ? says(3, "Boot-out failed: 3: No such process")
      : says(5, "Boot-out failed: 5: Input/output error");
  }
  if (service.state === "SIGTERMed")
    return says(36, "Boot-out failed: 36: Operation now in progress");
  launchd.unload(name);
  return ok;
}

function labelAt(file: string): string {
  return readPlist(file)?.Label ?? path.basename(file, ".plist");
}

function override(target: string, isDisabled: boolean, call: Call): Answer {
  const { domain, label } = parts(target);
  if (domain === "system" && call.uid !== 0) {
    return says(1, "Could not enable service: 1: Operation not permitted");
  }
  launchd.override(domain, label, isDisabled);
  return ok;
}

function kickstart(words: readonly string[], call: Call): Answer {
  const target = words.find((word) => !word.startsWith("-")) ?? "";
  const { domain, label } = parts(target);
  if (launchd.state.services[label]?.domain !== domain) return unknown(target);
  if (domain === "system" && call.uid !== 0) {
    return says(1, "Could not kickstart service: 1: Operation not permitted");
  }
  // What runs already is success without -k.
  launchd.start(label, "launch job demand");
  const pid = launchd.state.services[label]?.pid;
  return words.includes("-p") && pid !== undefined ? { code: 0, stdout: `${pid}\n` } : ok;
}

function kill(signal: string, target: string, call: Call): Answer {
  const { domain, label } = parts(target);
  if (launchd.state.services[label]?.domain !== domain) return unknown(target);
  if (domain === "system" && call.uid !== 0) return says(1, "1: Operation not permitted");
  const name = `SIG${signal.replace(/^SIG/, "")}` as NodeJS.Signals;
  launchd.kill(label, name);
  return ok;
}

function print(target: string): Answer {
  const { domain, label } = parts(target);
  const service = launchd.state.services[label];
  if (service?.domain !== domain) return unknown(target);
  return { code: 0, stdout: printText(label, service, launchd.state) };
}

function unknown(target: string): Answer {
  const { domain, label } = parts(target);
  const [kind = "", user] = domain.split("/");
  const where =
    user !== undefined && launchd.state.dialect === "macos12" ? `user ${kind}: ${user}` : kind;
  const said = where.startsWith("gui") ? `user gui: ${user}` : where;
  return says(113, `Bad request.\nCould not find service "${label}" in domain for ${said}`);
}

/** What `launchctl list LABEL` knows of the caller's own domain. */
function list(label: string, uid: number): Answer {
  const service = launchd.state.services[label];
  const isSeen = service?.domain === (uid === 0 ? "system" : `gui/${uid}`);
  if (!isSeen) return says(113, `Could not find service "${label}" in domain for port`);
  return { code: 0, stdout: `{\n\t"Label" = "${label}";\n\t"OnDemand" = true;\n};\n` };
}

function refusalOf(what: string, domain: string, { uid }: Call): Answer | undefined {
  if (domain === "system" && uid !== 0)
    return says(1, `${what} failed: 1: Operation not permitted`);
  if (domain === "system") return undefined;
  const [kind, user] = domain.split("/");
  if (kind !== "gui" || user === undefined) return says(64, "Unrecognized target specifier.");
  if (user === "0")
    return says(125, `${what} failed: 125: Domain does not support specified action`);
  if (launchd.state.sessions.includes(Number(user))) return undefined;
  return says(112, "Could not find specified domain");
}

/** `system/LABEL`, `gui/501/LABEL`. */
function parts(target: string): { domain: string; label: string } {
  const at = target.lastIndexOf("/");
  return { domain: target.slice(0, at), label: target.slice(at + 1) };
}
