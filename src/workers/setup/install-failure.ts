import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { singleLine, withoutControls } from "../../system/text.ts";

const OFFLINE =
  /dns error|failed to lookup|could not resolve|name resolution|name or service not known|connection (refused|reset|timed out)|tcp connect error|network is unreachable|newconnectionerror|getaddrinfo|operation timed out|max retries exceeded|error sending request|from versions: none/i;
const NO_WHEEL =
  /no (matching distribution|wheels?|compatible)|has no usable wheels|no solution found/i;
const NO_PIP = /no module named '?pip/i;
const WRONG_HASH = /hash mismatch|hashes? .*do not match/i;
const NO_SPACE = /no space left|os error 28|enospc/i;

/** What pip or uv said, turned into what a person can do about it. */
export function installFailure(what: string, output: string, platform: NodeJS.Platform): Failure {
  const said = singleLine(withoutControls(output).trim().slice(-600), 500);
  const fail = (code: string, message: string, remedy: string, exit: ExitCode = ExitCode.failed) =>
    new Failure({ code, message: `${message}: ${said}`, remedy, exit, class: "fatal" });
  if (NO_SPACE.test(output)) {
    return fail(
      "CBI_SETUP_DISK",
      `there is no room to install ${what}`,
      "Free 1 GB, then: cbi setup",
    );
  }
  if (NO_PIP.test(output)) {
    const pip =
      platform === "darwin" ? "brew install uv" : "sudo apt install python3-pip   (or install uv)";
    return fail(
      "CBI_SETUP_PIP",
      `${what} cannot be brought, since this Python has no pip`,
      `${pip}, then: cbi setup`,
    );
  }
  if (OFFLINE.test(output)) {
    return fail(
      "CBI_SETUP_OFFLINE",
      `the package registry could not be reached for ${what}`,
      "Check the network and, behind a proxy or a mirror, HTTPS_PROXY, UV_DEFAULT_INDEX and SSL_CERT_FILE; then: cbi setup",
      ExitCode.unavailable,
    );
  }
  if (WRONG_HASH.test(output)) {
    return fail(
      "CBI_SETUP_HASH",
      `the registry gave other files for ${what} than the lock file names`,
      "Ask who runs the mirror; with the usual registry: cbi setup",
    );
  }
  if (NO_WHEEL.test(output)) {
    return fail(
      "CBI_SETUP_NO_WHEEL",
      `${what} cannot be had in the locked version for this system or Python`,
      "Use Python 3.11 to 3.13 on macOS, Windows or a Linux with glibc; then: cbi setup",
    );
  }
  return fail("CBI_SETUP_FAILED", `${what} could not be installed`, "See above; then: cbi setup");
}
