import { readFileSync } from "node:fs";

// Loaded before the product: its wall clock is ahead by as many milliseconds as the file says, which
// may change at any time. The monotonic clock goes on as it is.

const file = process.env["CBI_TEST_CLOCK_FILE"] ?? "";
const { now } = Date;

Date.now = () => now() + shiftMs();

function shiftMs(): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}
