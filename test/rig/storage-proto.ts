import type { fromJSON } from "@grpc/proto-loader";

type Description = Parameters<typeof fromJSON>[0];

/**
 * The part of the Storage Read API that we use, as protobufjs describes services, with the field
 * numbers of google/cloud/bigquery/storage/v1/storage.proto, stream.proto and arrow.proto
 * (https://cloud.google.com/bigquery/docs/reference/storage/rpc). Fields that are not named here are
 * skipped by the decoder.
 */
export const STORAGE_API: Description = {
  nested: {
    google: {
      nested: {
        cloud: {
          nested: {
            bigquery: {
              nested: { storage: { nested: { v1: { nested: messages() } } } },
            },
          },
        },
      },
    },
  },
};

export const READ_SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead";

/** The number of Arrow in the enumeration DataFormat. */
export const ARROW_FORMAT = 2;

function messages(): NonNullable<Description["nested"]> {
  return {
    BigQueryRead: {
      methods: {
        CreateReadSession: {
          requestType: "CreateReadSessionRequest",
          responseType: "ReadSession",
          comment: "",
        },
        ReadRows: {
          requestType: "ReadRowsRequest",
          responseType: "ReadRowsResponse",
          responseStream: true,
          comment: "",
        },
      },
    },
    CreateReadSessionRequest: {
      fields: {
        parent: { type: "string", id: 1 },
        read_session: { type: "ReadSession", id: 2 },
        max_stream_count: { type: "int32", id: 3 },
      },
    },
    ReadSession: {
      fields: {
        name: { type: "string", id: 1 },
        data_format: { type: "int32", id: 3 },
        arrow_schema: { type: "ArrowSchema", id: 5 },
        table: { type: "string", id: 6 },
        streams: { rule: "repeated", type: "ReadStream", id: 10 },
      },
    },
    ReadStream: { fields: { name: { type: "string", id: 1 } } },
    ReadRowsRequest: {
      fields: { read_stream: { type: "string", id: 1 }, offset: { type: "int64", id: 2 } },
    },
    ReadRowsResponse: {
      fields: {
        arrow_record_batch: { type: "ArrowRecordBatch", id: 4 },
        row_count: { type: "int64", id: 6 },
      },
    },
    ArrowSchema: { fields: { serialized_schema: { type: "bytes", id: 1 } } },
    ArrowRecordBatch: { fields: { serialized_record_batch: { type: "bytes", id: 1 } } },
  };
}
