import type { RunEvent } from "../../pipeline/events.ts";
import { plainLine } from "../../pipeline/plain-line.ts";

/** Shows a run where nothing can be redrawn: one line a transition. */
export function plainPresenter(remark: (line: string) => void): (event: RunEvent) => void {
  return (event) => {
    const line = plainLine(event);
    if (line !== undefined) remark(line);
  };
}
