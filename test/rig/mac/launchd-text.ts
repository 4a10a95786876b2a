import type { LaunchdState, Service } from "./launchd.ts";

/**
 * What `launchctl print DOMAIN/LABEL` says: fields behind one tab, nested blocks behind more, which
 * repeat names of fields. macOS 12 and earlier leave out `type` and `spawn type`.
 */
export function printText(label: string, service: Service, { dialect }: LaunchdState): string {
  const { plist, domain } = service;
  const isNew = dialect === "macos26";
  const isRunning = service.pid !== undefined;
  const words = plist.ProgramArguments ?? [];
  const lines = [
    `${domain}/${label} = {`,
    `\tactive count = ${isRunning ? 1 : 0}`,
    `\tpath = ${service.path}`,
    ...(isNew ? [`\ttype = ${domain === "system" ? "LaunchDaemon" : "LaunchAgent"}`] : []),
    `\tstate = ${service.state}`,
    "",
    `\tprogram = ${plist.Program ?? words[0] ?? ""}`,
    ...block(
      "arguments",
      words.map((word) => `\t\t${word}`),
    ),
    ...(plist.WorkingDirectory === undefined
      ? []
      : [`\tworking directory = ${plist.WorkingDirectory}`, ""]),
    `\tstdout path = ${plist.StandardOutPath ?? "/dev/null"}`,
    `\tstderr path = ${plist.StandardErrorPath ?? "/dev/null"}`,
    ...block("default environment", ["\t\tPATH => /usr/bin:/bin:/usr/sbin:/sbin"]),
    ...block("environment", [
      ...Object.entries(plist.EnvironmentVariables ?? {}).map(
        ([name, value]) => `\t\t${name} => ${value}`,
      ),
      `\t\tXPC_SERVICE_NAME => ${label}`,
    ]),
    `\tdomain = ${domain}${domain === "system" ? "" : " [100003]"}`,
    ...(domain === "system" ? [] : ["\tasid = 100003"]),
    ...(plist.UserName === undefined
      ? []
      : [`\tusername = ${plist.UserName}`, "\tgroup = staff", ""]),
    `\tminimum runtime = ${plist.ThrottleInterval ?? 10}`,
    `\texit timeout = ${plist.ExitTimeOut ?? 5}`,
    `\truns = ${service.runs}`,
    ...(isRunning ? [`\tpid = ${service.pid}`, `\timmediate reason = ${service.reason}`] : []),
    ...(isRunning && service.runs === 1 ? [] : [`\t${service.ended}`]),
    ...(plist.StartInterval === undefined
      ? []
      : [`\trun interval = ${plist.StartInterval} seconds`]),
    ...triggers(label, service),
    ...(isNew ? [`\tspawn type = ${spawnType(plist.ProcessType)}`] : []),
    "\tjetsam priority = 40",
    "\tprobabilistic guard malloc policy = {\n\t\tactivation rate = 1/1000\n\t\tstate = active\n\t}\n",
    `\tproperties = ${plist.RunAtLoad === true ? "runatload | " : ""}inferred program`,
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** `launchctl print-disabled DOMAIN`, in the words of macOS 13 and of those before it. */
export function disabledText(
  domain: string,
  overrides: Readonly<Record<string, boolean>>,
  dialect: LaunchdState["dialect"],
): string {
  const words = dialect === "macos26" ? ["enabled", "disabled"] : ["false", "true"];
  const ours = Object.entries(overrides)
    .filter(([target]) => target.slice(0, target.lastIndexOf("/")) === domain)
    .map(
      ([target, isDisabled]) => [target.slice(target.lastIndexOf("/") + 1), isDisabled] as const,
    );
  const known = [["com.apple.AEServer", true], ["com.openssh.sshd", false], ...ours] as const;
  const lines = known.map(
    ([label, isDisabled]) => `\t\t"${label}" => ${words[isDisabled ? 1 : 0]}`,
  );
  return `\tdisabled services = {\n${lines.join("\n")}\n\t}\n\tlogin item associations = {\n\t}\n`;
}

function block(name: string, lines: readonly string[]): string[] {
  return [`\t${name} = {`, ...lines, "\t}", ""];
}

function triggers(label: string, { plist, domain }: Service): string[] {
  const interval = plist.StartCalendarInterval;
  if (interval === undefined) return [];
  const entries = Array.isArray(interval) ? interval : [interval];
  const lines = entries.flatMap((entry, index) => [
    `\t\t${label}.${268_435_470 + index} => {`,
    "\t\t\tkeepalive = 0",
    `\t\t\tservice = ${label}`,
    "\t\t\tstream = com.apple.launchd.calendarinterval",
    `\t\t\tmonitor = com.apple.UserEventAgent-${domain === "system" ? "System" : "Aqua"}`,
    "\t\t\tdescriptor = {",
    ...Object.entries(entry).map(([key, value]) => `\t\t\t\t"${key}" => ${value}`),
    "\t\t\t}",
    "\t\t}",
  ]);
  const channel = [
    '\t\t"com.apple.launchd.calendarinterval" = {',
    "\t\t\tport = 0x92a03",
    "\t\t\tactive = 0",
    "\t\t\twatching = 1",
    "\t\t}",
  ];
  return [...block("event triggers", lines), ...block("event channels", channel)];
}

function spawnType(type: string | undefined): string {
  const numbers = {
    Interactive: "interactive (4)",
    Background: "background (5)",
    Adaptive: "adaptive (6)",
  };
  return type !== undefined && type in numbers
    ? numbers[type as keyof typeof numbers]
    : "daemon (3)";
}
