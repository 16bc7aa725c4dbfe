#include "server/parser_registry.h"

#include "ingest/annotated_csv.h"
#include "ingest/arrow_rows.h"
#include "ingest/csv_rows.h"
#include "ingest/json_rows.h"
#include "ingest/msgpack.h"
#include "server/http/http.h"

namespace gigapi {

void ParserRegistry::Register(std::string media_type, Parser parser) {
  parsers_.emplace_back(std::move(media_type), std::move(parser));
}

const Parser& ParserRegistry::Find(std::string_view content_type) const {
  std::string_view media_type = content_type.substr(0, content_type.find(';'));
  while (!media_type.empty() && media_type.back() == ' ') media_type.remove_suffix(1);
  for (const auto& [known, parser] : parsers_) {
    if (http::EqualsIgnoringCase(known, media_type)) return parser;
  }
  return fallback_;
}

Result<std::string> MediaTypeOfFormat(std::string_view format) {
  static constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
      {"line", kLineProtocolMediaType}, {"lp", kLineProtocolMediaType}, {"influx", kLineProtocolMediaType},
      {"msgpack", kMsgpackMediaType},   {"json", kJsonMediaType},       {"ndjson", kNdjsonMediaType},
      {"jsonl", kNdjsonMediaType},      {"csv", kCsvMediaType},         {"annotated_csv", kAnnotatedCsvMediaType},
      {"arrow", kArrowMediaType},       {"parquet", kParquetMediaType}};
  for (const auto& [name, media_type] : kFormats) {
    if (format == name) return std::string(media_type);
  }
  return Errorf(ErrorKind::kInvalidArgument,
                "unknown format '{}': line, msgpack, json, ndjson, csv, annotated_csv, arrow and parquet are known",
                format.substr(0, 40));
}

ParserRegistry DefaultParsers() {
  ParserRegistry parsers(ParseLineProtocol);
  for (std::string_view media_type :
       {kMsgpackMediaType, std::string_view("application/x-msgpack"), std::string_view("application/vnd.msgpack")}) {
    parsers.Register(std::string(media_type), ParseMsgpack);
  }
  for (const char* media_type :
       {"application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}) {
    parsers.Register(media_type, ParseJsonRows);
  }
  parsers.Register(std::string(kAnnotatedCsvMediaType), ParseAnnotatedCsv);
  for (const char* media_type : {"text/csv", "application/csv"}) parsers.Register(media_type, ParseCsvRows);
  for (const char* media_type : {"application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file"}) {
    parsers.Register(media_type, ParseArrowRows);
  }
  for (const char* media_type : {"application/vnd.apache.parquet", "application/x-parquet"}) {
    parsers.Register(media_type, ParseParquetRows);
  }
  return parsers;
}

}  // namespace gigapi
