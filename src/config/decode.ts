/** A file's bytes as text, or what keeps them from being text. A byte order mark is dropped. */
export function decodeUtf8(
  bytes: Uint8Array,
): { text: string } | { message: string; line?: number } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { message: "expected UTF-8 text, got UTF-16; save the file as UTF-8" };
  }
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    return {
      message: "expected UTF-8 text, got bytes that are none; save the file as UTF-8",
      line: firstBrokenLine(bytes),
    };
  }
}

function firstBrokenLine(bytes: Uint8Array): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(
        bytes.subarray(start, end === -1 ? undefined : end),
      );
    } catch {
      return line;
    }
    if (end === -1) return line;
    start = end + 1;
  }
}
