/** What a process has asked powerd for, as `pmset -g assertions` lists it. */
export interface PowerAssertion {
  pid: number;
  /** The name of that process. */
  process: string;
  /** `PreventUserIdleSystemSleep`, `PreventSystemSleep`, … */
  type: string;
  /** For whom; undefined where the process does not say. */
  onBehalfOfPid: number | undefined;
}

const ROW = /^ {3}pid (\d+)\((.*?)\): \[0x[0-9a-f]+\] (?:\d+:\d\d:\d\d )?(\w+) named: /;
/**
 * caffeinate names whom it serves in its details, as `(pid 7)` of what it has started and as `Process ID 7` of
 * what it was told to watch (PowerManagement-1846, caffeinate.c, createAssertions).
 */
const DETAILS =
  /^\tDetails: caffeinate asserting on behalf of (?:'.*' \(pid (\d+)\)|Process ID (\d+))/;

/** Reads the list by process of `pmset -g assertions`; what else stands there is passed over. */
export function parseAssertions(text: string): PowerAssertion[] {
  const found: PowerAssertion[] = [];
  for (const line of text.split("\n")) {
    const [, pid, process = "", type = ""] = ROW.exec(line) ?? [];
    if (pid !== undefined) {
      found.push({ pid: Number(pid), process, type, onBehalfOfPid: undefined });
      continue;
    }
    const [, started, watched] = DETAILS.exec(line) ?? [];
    const behalf = started ?? watched;
    const last = found.at(-1);
    if (behalf !== undefined && last) last.onBehalfOfPid = Number(behalf);
  }
  return found;
}
