import { KILL_MODES, KILL_SCOPES, type KillOrder } from "./kill-switch.ts";

/** The file of orders as text: small enough to be read, and in need written, by hand. */
export function killSwitchText(orders: readonly KillOrder[]): string {
  return `${JSON.stringify({ schema: 1, orders: orders.map(shownOrder) }, undefined, 2)}\n`;
}

/** An order as JSON has it, in the file and in answers. */
export function shownOrder(order: KillOrder): Record<string, string> {
  return {
    scope: order.scope,
    ...(order.scope === "all" ? {} : { name: order.name }),
    mode: order.mode,
    reason: order.reason,
    who: order.who,
    since: new Date(order.sinceMs).toISOString(),
    ...(order.untilMs === undefined ? {} : { until: new Date(order.untilMs).toISOString() }),
  };
}

/**
 * Reads the file of orders. Without a schema library, since every start asks. Whatever is not exactly
 * ours is damage: an order that was half understood would be none.
 */
export function parseKillSwitch(text: string): { orders: KillOrder[] } | { damage: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { damage: "it is no JSON" };
  }
  if (!isRecord(value)) return { damage: "expected a mapping" };
  if (value["schema"] !== 1) return { damage: "its schema is of another version of cbi" };
  const list = value["orders"];
  if (!Array.isArray(list)) return { damage: "expected a list of orders" };
  const orders: KillOrder[] = [];
  for (const [index, one] of list.entries()) {
    const order = parseOrder(one);
    if (!order) return { damage: `order ${index + 1} is not complete` };
    orders.push(order);
  }
  return { orders };
}

function parseOrder(value: unknown): KillOrder | undefined {
  if (!isRecord(value)) return undefined;
  const scope = KILL_SCOPES.find((known) => known === value["scope"]);
  const mode = KILL_MODES.find((known) => known === value["mode"]);
  const name = value["name"] ?? "";
  const { reason, who } = value;
  const sinceMs = instantOf(value["since"]);
  const untilMs = value["until"] === undefined ? undefined : instantOf(value["until"]);
  if (!scope || !mode || typeof name !== "string" || sinceMs === undefined) return undefined;
  if (typeof reason !== "string" || typeof who !== "string") return undefined;
  if ((scope === "all") !== (name === "")) return undefined;
  if (value["until"] !== undefined && untilMs === undefined) return undefined;
  return { scope, name, mode, reason, who, sinceMs, untilMs };
}

/** Only with its offset is a time an instant. */
function instantOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value)) {
    return undefined;
  }
  const instantMs = Date.parse(value);
  return Number.isNaN(instantMs) ? undefined : instantMs;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
