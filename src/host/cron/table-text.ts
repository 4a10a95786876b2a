import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { TABLE_BEGIN, TABLE_END } from "./cron-files.ts";

/** A crontab with our part in it, at the end; what stood there before of ours is gone. */
export function withSection(table: string, section: string): string {
  const rest = withoutSection(table);
  return `${rest}${section}`;
}

/** A crontab without our part; every other line stays as it is. Throws `CBI_CRONTAB` for half a part. */
export function withoutSection(table: string): string {
  const kept: string[] = [];
  let isOurs = false;
  const lines = table.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    if (line.startsWith(TABLE_BEGIN)) {
      if (isOurs) throw torn();
      isOurs = true;
    } else if (isOurs && line === TABLE_END) isOurs = false;
    else if (!isOurs) kept.push(line);
  }
  if (isOurs) throw torn();
  return kept.map((line) => `${line}\n`).join("");
}

/** Our part of a crontab, or undefined when it has none. */
export function sectionOf(table: string): string | undefined {
  const from = table.indexOf(TABLE_BEGIN);
  const to = table.indexOf(`${TABLE_END}\n`, from);
  return from === -1 || to === -1 ? undefined : table.slice(from, to + TABLE_END.length + 1);
}

function torn(): Failure {
  return new Failure({
    code: "CBI_CRONTAB",
    message: `the crontab has a line '${TABLE_BEGIN}…' without its '${TABLE_END}', so nobody can tell which lines are cbi's`,
    remedy: "Remove cbi's lines by hand: crontab -e",
    exit: ExitCode.failed,
  });
}
