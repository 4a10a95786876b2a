import type { ByteReader } from "./byte-reader.ts";
import {
  decodeMessage,
  encodeMessage,
  fieldId,
  fixedLength,
  isBytes,
  isVarint,
} from "./protobuf.ts";

/**
 * The part of the Storage Read API that we use, by the field numbers of
 * google/cloud/bigquery/storage/v1/storage.proto, stream.proto and arrow.proto
 * (https://cloud.google.com/bigquery/docs/reference/storage/rpc). Other fields are skipped.
 */
const SERVICE = "/google.cloud.bigquery.storage.v1.BigQueryRead";
export const CREATE_READ_SESSION = `${SERVICE}/CreateReadSession`;
export const READ_ROWS = `${SERVICE}/ReadRows`;

/** The number of Arrow in the enumeration DataFormat. */
const ARROW_FORMAT = 2;

const session = { dataFormat: 3, arrowSchema: 5, table: 6, streams: 10 };
const response = { arrowRecordBatch: 4, rowCount: 6 };
/** The field of an ArrowSchema and of an ArrowRecordBatch that holds the bytes, of a ReadStream the name. */
const CONTENT = 1;

/** A CreateReadSessionRequest for a table in one stream, which keeps the order of a sorted result. */
export function sessionRequest(project: string, table: string): Buffer {
  const readSession = encodeMessage([
    [session.dataFormat, ARROW_FORMAT],
    [session.table, table],
  ]);
  return encodeMessage([
    [1, `projects/${project}`],
    [2, readSession],
    [3, 1],
  ]);
}

/** What a ReadSession says: the schema in Arrow's IPC format and the streams' names. */
export interface ReadSession {
  schema: Buffer;
  streams: string[];
}

/** Parses a ReadSession. Throws a `RangeError` for what is none. */
export function parseSession(message: Buffer): ReadSession {
  const fields = decodeMessage(message);
  const schema = content(fields.get(session.arrowSchema)?.[0] ?? Buffer.alloc(0));
  if (schema.length === 0) throw new RangeError("the read session has no Arrow schema");
  const streams = (fields.get(session.streams) ?? []).map((one) => content(one).toString());
  return { schema, streams };
}

/** A ReadRowsRequest. `offset` is the row to begin at. */
export function rowsRequest(stream: string, offset: number): Buffer {
  return encodeMessage([
    [1, stream],
    [2, offset],
  ]);
}

/**
 * Reads one ReadRowsResponse of so many bytes: hands the record batch's bytes on as they come and returns
 * the number of its rows.
 */
export async function readRows(
  bytes: ByteReader,
  length: number,
  take: (part: Uint8Array) => Promise<void> | void,
): Promise<number> {
  let rows = 0;
  await eachField(bytes, length, async (id, size) => {
    if (id === response.rowCount && size === undefined) {
      const { value, length: taken } = await bytes.varint();
      rows = value;
      return taken;
    }
    if (id !== response.arrowRecordBatch || size === undefined) return undefined;
    await eachField(bytes, size, async (inner, innerSize) => {
      if (inner !== CONTENT || innerSize === undefined) return undefined;
      await bytes.pass(innerSize, take);
      return innerSize;
    });
    return size;
  });
  return rows;
}

/** Tells each field and, where it has one, its size; `read` returns the bytes that it took, if it did. */
async function eachField(
  bytes: ByteReader,
  length: number,
  read: (id: number, size: number | undefined) => Promise<number | undefined>,
): Promise<void> {
  let left = length;
  while (left > 0) {
    const tag = await bytes.varint();
    left -= tag.length;
    let size: number | undefined;
    if (isBytes(tag.value)) {
      const prefix = await bytes.varint();
      left -= prefix.length;
      size = prefix.value;
      if (size > left) throw new RangeError("a field is longer than its message");
    }
    const taken = await read(fieldId(tag.value), size);
    left -= taken ?? (await skip(bytes, tag.value, size));
  }
}

async function skip(bytes: ByteReader, tag: number, size: number | undefined): Promise<number> {
  if (isVarint(tag)) return (await bytes.varint()).length;
  const length = size ?? fixedLength(tag);
  await bytes.pass(length, () => undefined);
  return length;
}

function content(message: Buffer): Buffer {
  return decodeMessage(message).get(CONTENT)?.[0] ?? Buffer.alloc(0);
}
