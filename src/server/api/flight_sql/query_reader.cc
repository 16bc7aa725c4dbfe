#include "server/api/flight_sql/query_reader.h"

#include <arrow/util/byte_size.h>

#include <algorithm>

#include "server/api/flight_sql/flight_errors.h"
#include "server/api/flight_sql/flight_types.h"

namespace gigapi::flight {
namespace {

class CuttingReader final : public arrow::RecordBatchReader {
 public:
  explicit CuttingReader(std::shared_ptr<arrow::RecordBatchReader> rows) : rows_(std::move(rows)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    if (batch_ == nullptr) {
      ARROW_RETURN_NOT_OK(rows_->ReadNext(&batch_));
      if (batch_ == nullptr) {
        *out = nullptr;
        return Status::OK();
      }
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*batch_));
      const int64_t messages = std::max<int64_t>(1, (bytes + kMessageBytes - 1) / kMessageBytes);
      piece_rows_ = std::max<int64_t>(1, (batch_->num_rows() + messages - 1) / messages);
      row_ = 0;
    }
    *out = batch_->Slice(row_, piece_rows_);
    row_ += piece_rows_;
    if (row_ >= batch_->num_rows()) batch_.reset();
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;
  int64_t piece_rows_ = 0;
};

class QueryReader final : public arrow::RecordBatchReader {
 public:
  QueryReader(std::unique_ptr<QueryStream> stream, std::unique_ptr<QueryRegistry::Ticket> ticket, FlightStats* stats)
      : ticket_(std::move(ticket)), stream_(std::move(stream)), schema_(FlightSchemaOf(*stream_->schema())), stats_(stats) {
    ++stats_->streams;
  }
  ~QueryReader() override { --stats_->streams; }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    auto batch = Next();
    if (!batch.ok() || *batch == nullptr) ticket_->End(batch.status());
    if (!batch.ok()) return ToFlightStatus(batch.status());
    *out = *std::move(batch);
    return Status::OK();
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    ARROW_ASSIGN_OR_RAISE(auto batch, stream_->Next());
    if (batch == nullptr) return nullptr;
    stats_->rows_read_total += batch->num_rows();
    ticket_->AddRows(batch->num_rows());
    return ToFlightBatch(batch, schema_);
  }

  const std::unique_ptr<QueryRegistry::Ticket> ticket_;  // goes last
  const std::unique_ptr<QueryStream> stream_;
  const std::shared_ptr<arrow::Schema> schema_;
  FlightStats* const stats_;
};

}  // namespace

std::shared_ptr<arrow::RecordBatchReader> CutToMessages(std::shared_ptr<arrow::RecordBatchReader> rows) {
  return std::make_shared<CuttingReader>(std::move(rows));
}

std::shared_ptr<arrow::RecordBatchReader> ReadQuery(std::unique_ptr<QueryStream> stream,
                                                    std::unique_ptr<QueryRegistry::Ticket> ticket, FlightStats* stats) {
  return CutToMessages(std::make_shared<QueryReader>(std::move(stream), std::move(ticket), stats));
}

}  // namespace gigapi::flight
