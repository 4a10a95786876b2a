import { z } from "zod";
import { HOST_NAMES } from "./machine.ts";

/**
 * The shape of an installation's record. In a file of its own, since the watchdog asks for a record on
 * every pass, and most often there is none.
 */
export const recordSchema = z.strictObject({
  schema: z.literal(1),
  /** `installing` and `removing` were interrupted when they are found: the same command goes on. */
  state: z.enum(["installing", "installed", "removing"]),
  host: z.enum(HOST_NAMES),
  scope: z.enum(["system", "user"]),
  home: z.string(),
  version: z.string(),
  fingerprint: z.string(),
  folders: z.array(z.string()),
  files: z.array(z.strictObject({ path: z.string(), hash: z.string() })),
  units: z.array(z.strictObject({ name: z.string(), domain: z.string(), file: z.string() })),
  /** Whether lingering of the user was enabled for it, and is to be disabled again. */
  linger: z.boolean().default(false),
  /** Where the home lay; absent where the system does not say. */
  volume: z.strictObject({ id: z.string(), mountPoint: z.string() }).optional(),
});
