import { SAMPLES_MAX } from "./report.ts";
import type { AuditCheck, AuditSeverity, Sample } from "./report.ts";

/** What a check is, whatever comes out of it. */
export interface CheckKind {
  id: string;
  /** The worst that a failure of it means. */
  severity: AuditSeverity;
  threshold: string | null;
}

interface Failing {
  message: string;
  observed: number | string | null;
  /** Rows, cells or columns at fault; 1 if not given. */
  count?: number;
  column?: string | null;
  sample?: readonly Sample[];
  /** When less severe than the kind's worst. */
  severity?: AuditSeverity;
}

export function failed(kind: CheckKind, failing: Failing): AuditCheck {
  return {
    id: kind.id,
    column: failing.column ?? null,
    severity: failing.severity ?? kind.severity,
    status: "failed",
    observed: tidy(failing.observed),
    threshold: kind.threshold,
    n_failed: failing.count ?? 1,
    sample: (failing.sample ?? []).slice(0, SAMPLES_MAX),
    message: failing.message,
  };
}

export function passed(
  kind: CheckKind,
  message: string,
  observed: number | string | null = null,
  column: string | null = null,
): AuditCheck {
  return {
    id: kind.id,
    column,
    severity: kind.severity,
    status: "passed",
    observed: tidy(observed),
    threshold: kind.threshold,
    n_failed: 0,
    sample: [],
    message,
  };
}

/** A check that could not be asked; the message says why. */
export function skipped(kind: CheckKind, message: string): AuditCheck {
  return { ...passed(kind, message), status: "skipped" };
}

/** The entries of a check over many columns: those that failed, or the one that says that none did. */
export function collected(
  kind: CheckKind,
  failures: readonly AuditCheck[],
  message: string,
  observed: number | string | null = null,
): AuditCheck[] {
  return failures.length > 0 ? [...failures] : [passed(kind, message, observed)];
}

/** A share as text for a message: `0.4 %`. */
export function percent(share: number): string {
  const figure = share * 100;
  return `${Number(figure.toPrecision(figure < 10 ? 2 : 3))} %`;
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** JSON has no NaN and no infinity; four significant digits are enough for a reader. */
function tidy(observed: number | string | null): number | string | null {
  if (typeof observed !== "number" || Number.isInteger(observed)) return observed;
  return Number.isFinite(observed) ? Number(observed.toPrecision(6)) : String(observed);
}
