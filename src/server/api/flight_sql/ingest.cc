#include "server/api/flight_sql/ingest.h"

#include <arrow/util/byte_size.h>

#include <future>

#include "base/clock.h"
#include "ingest/arrow_rows.h"
#include "model/names.h"

namespace gigapi::flight {
namespace {

/// Batches are gathered up to this before they are written: one record of the log, one wait for the disk.
constexpr int64_t kGatheredBytes = 8 << 20;
constexpr size_t kGatheredBatches = 256;

/// Of rows that follow a failure. They are read all the same: some clients (ADBC's) that cannot send one say just that, and
/// not what the failure was.
constexpr int64_t kDroppedBytesMax = 16 << 20;

/// Each conflict means that another write has grown the same table; it happens while a table is new.
constexpr int kAttemptsMax = 16;

bool Exists(Lake* lake, const IngestTarget& target) {
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto database = snapshot->databases.find(target.database);
  return database != snapshot->databases.end() && database->second.contains(target.table);
}

Status WriteAndWait(Lake* lake, const std::string& database, WriteBatch batch) {
  std::promise<Status> written;
  lake->Write(database, std::move(batch), [&written](Status status) { written.set_value(std::move(status)); });
  return written.get_future().get();
}

void DropRest(arrow::flight::FlightMessageReader* stream) {
  for (int64_t bytes = 0; bytes < kDroppedBytesMax;) {
    const auto chunk = stream->Next();
    if (!chunk.ok() || (chunk->data == nullptr && chunk->app_metadata == nullptr)) return;
    if (chunk->data != nullptr) bytes += arrow::util::TotalBufferSize(*chunk->data);
  }
}

}  // namespace

Status Ingest::Prepare(const IngestTarget& target) {
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(target.database));
  ARROW_RETURN_NOT_OK(ValidateTableName(target.table));
  const bool exists = Exists(lake_, target);
  switch (target.mode) {
    case TableMode::kCreateOrAppend: return Status::OK();
    case TableMode::kAppend:
      return exists ? Status::OK() : Errorf(ErrorKind::kNotFound, "there is no table '{}' to append to", target.table);
    case TableMode::kCreate:
      return !exists ? Status::OK() : Errorf(ErrorKind::kConflict, "the table '{}' exists already", target.table);
    case TableMode::kReplace: return exists ? lake_->DropTable(target.database, target.table) : Status::OK();
  }
  return Status::OK();
}

Status Ingest::WriteBatches(const IngestTarget& target, const arrow::RecordBatchVector& batches, int64_t* rows) {
  ParseOptions options;
  options.table = target.table;
  options.now_ns = WallNanos();
  options.columns_per_table_max = limits_.columns_per_table_max;
  Status status;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    WriteBatch parsed = ParseArrowBatches(batches, options, *lake_->Schemas(target.database));
    if (parsed.refused_rows > 0) return Error(ErrorKind::kInvalidArgument, parsed.refused.front().reason);
    if (parsed.accepted_rows == 0) return Status::OK();
    const int64_t accepted = parsed.accepted_rows;
    status = WriteAndWait(lake_, target.database, std::move(parsed));
    if (status.ok()) *rows += accepted;
    if (status.ok() || KindOf(status) != ErrorKind::kConflict) return status;
  }
  return status;
}

Result<int64_t> Ingest::Write(const IngestTarget& target, arrow::flight::FlightMessageReader* stream) {
  auto rows = WriteRows(target, stream);
  if (!rows.ok()) DropRest(stream);
  return rows;
}

Result<int64_t> Ingest::WriteRows(const IngestTarget& target, arrow::flight::FlightMessageReader* stream) {
  ARROW_RETURN_NOT_OK(Prepare(target));
  int64_t rows = 0;
  arrow::RecordBatchVector gathered;
  int64_t gathered_bytes = 0;
  const auto kept = [&](const Status& status) {
    stats_->rows_written_total += rows;
    if (status.ok() || rows == 0) return status;
    return Errorf(KindOf(status), "{} (the first {} rows are kept)", status.message(), rows);
  };
  while (true) {
    auto chunk = stream->Next();
    if (!chunk.ok()) return kept(chunk.status());
    const bool ended = chunk->data == nullptr && chunk->app_metadata == nullptr;
    if (chunk->data != nullptr && chunk->data->num_rows() > 0) {
      const int64_t bytes = arrow::util::TotalBufferSize(*chunk->data);
      if (bytes > limits_.batch_bytes_max) {
        return kept(
            Errorf(ErrorKind::kTooLarge, "a batch is larger than {} bytes: send smaller ones", limits_.batch_bytes_max));
      }
      gathered_bytes += bytes;
      gathered.push_back(std::move(chunk->data));
    }
    if (!gathered.empty() && (ended || gathered_bytes >= kGatheredBytes || gathered.size() >= kGatheredBatches)) {
      const Status status = WriteBatches(target, gathered, &rows);
      if (!status.ok()) return kept(status);
      gathered.clear();
      gathered_bytes = 0;
    }
    if (!ended) continue;
    ARROW_RETURN_NOT_OK(kept(Status::OK()));
    return rows;
  }
}

}  // namespace gigapi::flight
