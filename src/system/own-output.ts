import { fstatSync, ftruncateSync } from "node:fs";

const OUTPUT_BYTES_MAX = 1024 * 1024;

/**
 * Empties the file that standard output goes to when it has grown too large. For a file that a
 * scheduler opens for appending and nobody rotates: launchd keeps it open and a rename would not help,
 * and what is appended after this begins at its start. Anything but a regular file is left alone.
 */
export function capOwnOutput(descriptor = 1): void {
  try {
    const stat = fstatSync(descriptor);
    if (stat.isFile() && stat.size > OUTPUT_BYTES_MAX) ftruncateSync(descriptor, 0);
  } catch {
    // Nobody reads it before the next start, which tries again.
  }
}
