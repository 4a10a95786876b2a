import path from "node:path";

/**
 * The folder of this package, above `src/system/` and above `dist/cli/`, into which the build puts
 * every file.
 */
export const PACKAGE_ROOT = path.resolve(import.meta.dirname, "..", "..");
