#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>

#include "app/query_source.h"
#include "app/table_printer.h"
#include "base/json_writer.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

class ServerSource final : public QuerySource {
 public:
  explicit ServerSource(HttpAddress address) : client_(std::move(address)) {}

  Status Rows(const std::string& sql, const std::string& database, const OnSchema& on_schema,
              const OnBatch& on_batch) override {
    const std::string body = JsonBody(sql);
    ARROW_ASSIGN_OR_RAISE(std::string answer, client_.Fetch(Request(database, "arrow", body)));
    arrow::io::BufferReader stream(arrow::Buffer::FromString(std::move(answer)));
    ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(&stream));
    ARROW_RETURN_NOT_OK(on_schema(*reader->schema()));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader->Next());
      if (batch == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(on_batch(*batch));
    }
  }

  Status Text(const std::string& sql, const std::string& database, const std::string& format,
              const HttpClient::BodySink& sink) override {
    const std::string body = JsonBody(sql);
    return client_.Send(Request(database, format, body), sink);
  }

 private:
  static std::string JsonBody(const std::string& sql) {
    return JsonWriter().BeginObject().Key("query").String(sql).EndObject().Take();
  }

  /// `body` must outlive the request.
  static HttpRequest Request(const std::string& database, const std::string& format, const std::string& body) {
    std::string target = "/query?format=" + format;
    if (!database.empty()) target += "&db=" + PercentEncode(database);
    return {.target = std::move(target), .content_type = "application/json", .body = body};
  }

  HttpClient client_;
};

}  // namespace

std::unique_ptr<QuerySource> ServerQuerySource(HttpAddress address) {
  return std::make_unique<ServerSource>(std::move(address));
}

Result<std::string> QueryTable(QuerySource* source, const std::string& sql, const std::string& database,
                               int64_t rows_shown_max) {
  std::unique_ptr<TablePrinter> printer;
  const auto on_schema = [&](const arrow::Schema& schema) {
    printer = std::make_unique<TablePrinter>(schema, rows_shown_max);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(
      source->Rows(sql, database, on_schema, [&](const arrow::RecordBatch& batch) { return printer->Add(batch); }));
  return printer->Format();
}

}  // namespace gigapi
