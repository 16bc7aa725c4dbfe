// Which parser reads which content type.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/line_protocol.h"

namespace gigapi {

using Parser = std::function<WriteBatch(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)>;

/// Filled at start, then only read, by any thread.
class ParserRegistry {
 public:
  /// `fallback` reads every content type that has no parser of its own.
  explicit ParserRegistry(Parser fallback) : fallback_(std::move(fallback)) {}

  /// `media_type` as in "application/msgpack", without parameters.
  void Register(std::string media_type, Parser parser);
  /// `content_type` as a request has it, with parameters or empty.
  const Parser& Find(std::string_view content_type) const;

 private:
  const Parser fallback_;
  std::vector<std::pair<std::string, Parser>> parsers_;
};

/// Line protocol for everything that no other parser claims: clients send it as text/plain, as octets, and curl even as a
/// form.
ParserRegistry DefaultParsers();

/// The media type of a format by its short name, as in ?format=json.
Result<std::string> MediaTypeOfFormat(std::string_view format);

inline constexpr std::string_view kMsgpackMediaType = "application/msgpack";
inline constexpr std::string_view kLineProtocolMediaType = "text/plain";
inline constexpr std::string_view kJsonMediaType = "application/json";
inline constexpr std::string_view kNdjsonMediaType = "application/x-ndjson";
inline constexpr std::string_view kCsvMediaType = "text/csv";
inline constexpr std::string_view kAnnotatedCsvMediaType = "application/vnd.influx.annotated-csv";
inline constexpr std::string_view kArrowMediaType = "application/vnd.apache.arrow.stream";
inline constexpr std::string_view kParquetMediaType = "application/vnd.apache.parquet";

}  // namespace gigapi
