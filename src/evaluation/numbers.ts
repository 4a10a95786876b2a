/** What stands in a table where a number cannot be had. */
export const NO_NUMBER = "–";

/** A number with `digits` decimals, with a true minus sign. */
export function plainNumber(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined) return NO_NUMBER;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A share such as 0.012 as `1.2 %`. */
export function sharePercent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined
    ? NO_NUMBER
    : `${plainNumber(100 * value, digits)} %`;
}

/** A share with its sign, such as `+1.2 %`. */
export function signedPercent(value: number | null | undefined, digits = 1): string {
  const text = sharePercent(value, digits);
  const isZero = Number.parseFloat(text) === 0;
  return value !== null && value !== undefined && value > 0 && !isZero ? `+${text}` : text;
}

/** A number of percent, such as 4.2 as `4.20 %`. */
export function percentNumber(value: number | null | undefined, digits = 2): string {
  return value === null || value === undefined ? NO_NUMBER : `${plainNumber(value, digits)} %`;
}

/** A whole number in groups of three. */
export function wholeNumber(value: number): string {
  return value.toString().replaceAll(/\B(?=(\d{3})+$)/g, " ");
}

/** `one matured forecast`, `12 matured forecasts`. */
export function counted(count: number, one: string, many: string): string {
  return `${wholeNumber(count)} ${count === 1 ? one : many}`;
}
