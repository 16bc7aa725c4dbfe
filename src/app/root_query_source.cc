#include <filesystem>
#include <thread>

#include "app/query_source.h"
#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/encode/result_encoder.h"

namespace gigapi {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

class RootSource final : public QuerySource {
 public:
  RootSource(std::unique_ptr<Lake> lake, std::unique_ptr<QueryEngine> engine)
      : lake_(std::move(lake)), engine_(std::move(engine)) {}

  Status Rows(const std::string& sql, const std::string& database, const OnSchema& on_schema,
              const OnBatch& on_batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto stream,
                          engine_->Execute({.sql = sql, .database = database, .parameters = {}}, QueryCancel()));
    ARROW_RETURN_NOT_OK(on_schema(*stream->schema()));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
      if (batch == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(on_batch(*batch));
    }
  }

  Status Text(const std::string& sql, const std::string& database, const std::string& format,
              const HttpClient::BodySink& sink) override {
    ARROW_ASSIGN_OR_RAISE(const ResultFormat result_format, ParseResultFormat(format));
    std::unique_ptr<ResultEncoder> encoder;
    OutputBuffer out;
    const auto take = [&] { return sink(out.Take()); };
    const auto on_schema = [&](const arrow::Schema& schema) -> Status {
      encoder = ResultEncoder::Make(result_format, TimeFormat::kEpochNanos, std::make_shared<arrow::Schema>(schema));
      return encoder->Begin(&out);
    };
    const auto on_batch = [&](const arrow::RecordBatch& batch) -> Status {
      for (int64_t row = 0; row < batch.num_rows();) {
        ARROW_ASSIGN_OR_RAISE(row, encoder->Encode(batch, row, kPieceBytes, &out));
        ARROW_RETURN_NOT_OK(take());
      }
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(Rows(sql, database, on_schema, on_batch));
    ARROW_RETURN_NOT_OK(encoder->End(SIZE_MAX, &out).status());
    return take();
  }

 private:
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<QueryEngine> engine_;  // before the lake in its end
};

}  // namespace

Result<std::unique_ptr<QuerySource>> RootQuerySource(const std::string& root) {
  if (!std::filesystem::is_directory(root)) return Errorf(ErrorKind::kNotFound, "{} is no folder", root);
  LakeOptions lake_options;
  lake_options.root = root;
  lake_options.read_only = true;
  ARROW_ASSIGN_OR_RAISE(auto lake, Lake::Open(std::move(lake_options), LocalFileSystem()));
  QueryOptions query_options;
  query_options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  ARROW_ASSIGN_OR_RAISE(auto engine, QueryEngine::Open(lake.get(), query_options));
  return std::make_unique<RootSource>(std::move(lake), std::move(engine));
}

}  // namespace gigapi
