#include <fmt/format.h>

#include "app/import/influx_source.h"
#include "base/json_writer.h"
#include "base/percent_encoding.h"
#include "ingest/csv_reader.h"
#include "ingest/time_parser.h"

namespace gigapi {
namespace {

/// Flux has JSON's strings, but for ${, which begins an expression.
std::string FluxString(std::string_view text) {
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const bool special = text[i] == '"' || text[i] == '\\' || (text[i] == '$' && text.substr(i, 2) == "${");
    if (special) quoted += '\\';
    quoted += text[i];
  }
  return quoted + '"';
}

std::string RangeOf(const InfluxServer& server, const InfluxSlice& slice) {
  return fmt::format("from(bucket: {}) |> range(start: time(v: {}), stop: time(v: {}))", FluxString(server.database),
                     slice.begin_ns, slice.end_ns);
}

}  // namespace

Status InfluxV2::Run(const std::string& flux, const HttpClient::BodySink& sink) {
  JsonWriter json;
  json.BeginObject().Key("query").String(flux).Key("type").String("flux").Key("dialect").BeginObject();
  json.Key("header").Bool(true).Key("annotations").BeginArray();
  json.String("datatype").String("group").String("default").EndArray().EndObject().EndObject();
  const std::string body = json.Take();
  HttpRequest request{
      .target = "/api/v2/query?org=" + PercentEncode(server_.org), .content_type = "application/json", .body = body};
  request.headers.emplace_back("Accept", "application/csv");
  if (!server_.token.empty()) request.headers.emplace_back("Authorization", "Token " + server_.token);
  return client_.Send(request, sink);
}

Result<std::optional<int64_t>> InfluxV2::FirstTime(const InfluxSlice& slice) {
  std::string answer;
  ARROW_RETURN_NOT_OK(
      Run(RangeOf(server_, slice) + " |> first() |> group() |> keep(columns: [\"_time\"]) |> min(column: \"_time\")",
          [&](std::string_view bytes) {
            answer += bytes;
            return Status::OK();
          }));
  CsvReader in(answer, ',');
  size_t time_column = 0;
  while (in.Next()) {
    if (in.text().starts_with('#')) continue;
    for (size_t i = 0; i < in.fields().size(); ++i) {
      if (in.fields()[i].text == "_time") time_column = i;
    }
    int64_t time_ns = 0;
    if (time_column > 0 && time_column < in.fields().size() && ParseTimeText(in.fields()[time_column].text, &time_ns)) {
      return time_ns;
    }
  }
  return std::nullopt;
}

Status InfluxV2::Read(const InfluxSlice& slice, const HttpClient::BodySink& sink) {
  return Run(RangeOf(server_, slice) +
                 " |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\") |> drop(columns: "
                 "[\"_start\", \"_stop\"])",
             sink);
}

}  // namespace gigapi
