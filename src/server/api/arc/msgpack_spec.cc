#include "server/api/arc/msgpack_spec.h"

namespace gigapi::arc {

std::string MsgpackSpecJson() {
  return R"json({
  "version": "2.0",
  "protocol": "MessagePack",
  "endpoint": "/api/v1/write/msgpack",
  "content_type": "application/msgpack",
  "compression": "none, gzip or zstd; by Content-Encoding or by the first bytes",
  "authentication": {"header": "x-api-key", "note": "Authorization: Bearer and Token work too"},
  "database": "header x-arc-database; default: default",
  "format": {
    "columnar (RECOMMENDED)": {
      "m": "measurement (string)",
      "columns": "map of column name to array of values, all of one length; time is the time, nil is NULL",
      "tag_keys": "names of the columns that are tags (array, optional); without it strings are tags unless they look like text"
    },
    "row (LEGACY)": {
      "m": "measurement (string or int)",
      "t": "time (optional)",
      "h": "host (string or int, optional)",
      "fields": "map of field name to value",
      "tags": "map of tag name to value (optional)"
    },
    "batch": {"batch": "array of records; a bare array of records works too"}
  },
  "time": "seconds, milliseconds, microseconds or nanoseconds, told by size (1e10, 1e13, 1e16), or the timestamp extension",
  "errors": "400 with what is wrong and where; nothing of such a request is kept",
  "example_columnar": {
    "m": "cpu",
    "columns": {"time": [1633024800000, 1633024801000], "host": ["server01", "server02"], "usage_idle": [95.0, 94.5]}
  },
  "example_row": {
    "m": "cpu", "t": 1633024800000, "h": "server01", "fields": {"usage_idle": 95.0}, "tags": {"region": "us-east"}
  }
}
)json";
}

}  // namespace gigapi::arc
