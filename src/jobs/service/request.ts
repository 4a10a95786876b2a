import { rmSync } from "node:fs";
import path from "node:path";
import { replaceJson } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import { readBytes } from "../../system/read-bytes.ts";

export const SERVICE_WISHES = ["stop", "restart"] as const;

/** What a person asks of a service that another process keeps. */
export interface ServiceRequest {
  id: string;
  /** The run that is meant: an old request never hits a later one. */
  run: string;
  wish: (typeof SERVICE_WISHES)[number];
  who: string;
  reason: string;
}

/** What the keeper of a service says to a request. */
export interface ServiceAnswer {
  id: string;
  outcome: "done" | "refused";
  /** A sentence. */
  message: string;
  /** Of a start that came to nothing: how its keeper ended, and what helps. */
  exit?: number | undefined;
  remedy?: string | undefined;
}

const BYTES_MAX = 64 * 1024;

function requestFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "service-request.json");
}

function answerFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "service-answer.json");
}

/** Leaves a request for whoever keeps the service; a newer one takes the place of an older one. */
export async function askService(
  paths: HomePaths,
  job: string,
  request: ServiceRequest,
): Promise<void> {
  await replaceJson(requestFile(paths, job), request);
}

/** The request that is meant for this run; what cannot be read is none. */
export async function requestFor(
  paths: HomePaths,
  job: string,
  run: string,
): Promise<ServiceRequest | undefined> {
  const found = await readMessage(requestFile(paths, job));
  if (!found) return undefined;
  const { id, wish, who, reason } = found;
  const known = SERVICE_WISHES.find((one) => one === wish);
  if (!known || found["run"] !== run || typeof id !== "string") return undefined;
  return {
    id,
    run,
    wish: known,
    who: typeof who === "string" ? who : "somebody",
    reason: typeof reason === "string" ? reason : "",
  };
}

/** Answers a request and takes it away. An answer that cannot be written is no reason to stop. */
export async function answerRequest(
  paths: HomePaths,
  job: string,
  answer: ServiceAnswer,
): Promise<void> {
  await replaceJson(answerFile(paths, job), answer).catch(() => undefined);
  withdrawRequest(paths, job);
}

/** Takes a request away that nobody will answer any more. */
export function withdrawRequest(paths: HomePaths, job: string): void {
  rmSync(requestFile(paths, job), { force: true });
}

/** The answer to a request, once there is one. */
export async function answerTo(
  paths: HomePaths,
  job: string,
  id: string,
): Promise<ServiceAnswer | undefined> {
  const found = await readMessage(answerFile(paths, job));
  const { outcome, message, exit, remedy } = found ?? {};
  if (found?.["id"] !== id || typeof message !== "string") return undefined;
  if (outcome !== "done" && outcome !== "refused") return undefined;
  return {
    id,
    outcome,
    message,
    ...(typeof exit === "number" && { exit }),
    ...(typeof remedy === "string" && { remedy }),
  };
}

/**
 * What such a file holds. One that cannot be read now is read with the next look; the service must not
 * suffer from it.
 */
export async function readMessage(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const read = await readBytes(file, BYTES_MAX);
    if (read.kind !== "bytes") return undefined;
    const value: unknown = JSON.parse(Buffer.from(read.bytes).toString("utf8"));
    const isMapping = typeof value === "object" && value !== null;
    return isMapping ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
