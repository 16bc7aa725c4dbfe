#include "server/import/import_writer.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "model/partition.h"

namespace gigapi {
namespace {

/// Each conflict means that another write has grown the same table; it happens while a table is new.
constexpr int kAttemptsMax = 16;
constexpr auto kOverloadPause = std::chrono::milliseconds(50);
/// Beyond this they are no longer told apart.
constexpr size_t kHoursCountedMax = 1'000'000;
constexpr size_t kColumnsShownMax = 10'000;

}  // namespace

/// What a piece is, noted before it is given away and counted once it is kept.
struct ImportWriter::PieceNotes {
  int64_t rows = 0;
  int64_t refused_rows = 0;
  std::vector<RefusedLine> refused;
  std::vector<std::string> tables;
  std::vector<std::string> columns;
  std::vector<int64_t> hours;  // neighbours differ
  int64_t min_time = std::numeric_limits<int64_t>::max();
  int64_t max_time = std::numeric_limits<int64_t>::min();
};

ImportWriter::PieceNotes ImportWriter::NotesOf(WriteBatch* batch) {
  PieceNotes notes;
  notes.rows = batch->accepted_rows;
  notes.refused_rows = batch->refused_rows;
  notes.refused = std::move(batch->refused);
  for (const TableRows& table : batch->tables) {
    notes.tables.push_back(table.table);
    for (const Column& column : table.rows.columns) notes.columns.push_back(column.name);
    for (const int64_t time : table.rows.time) {
      notes.min_time = std::min(notes.min_time, time);
      notes.max_time = std::max(notes.max_time, time);
      const int64_t hour = PartitionKey::Of(time).hour;
      if (notes.hours.empty() || notes.hours.back() != hour) notes.hours.push_back(hour);
    }
  }
  return notes;
}

void ImportWriter::Add(PieceNotes notes, const LineOf& line_of) {
  outcome_.imported_rows += notes.rows;
  outcome_.refused_rows += notes.refused_rows;
  if (options_.stats != nullptr) {
    options_.stats->rows_written_total += notes.rows;
    options_.stats->rows_refused_total += notes.refused_rows;
  }
  if (outcome_.first_refused_line == 0 && !notes.refused.empty()) {
    outcome_.first_refused_line = line_of(notes.refused.front().line);
  }
  for (RefusedLine& refused : notes.refused) {
    if (outcome_.refused.size() >= options_.refused_shown_max) break;
    refused.line = line_of(refused.line);
    outcome_.refused.push_back(std::move(refused));
  }
  outcome_.tables.insert(notes.tables.begin(), notes.tables.end());
  for (std::string& column : notes.columns) {
    if (outcome_.columns.size() >= kColumnsShownMax || !known_columns_.insert(column).second) continue;
    outcome_.columns.push_back(std::move(column));
  }
  for (const int64_t hour : notes.hours) {
    if (hours_.size() < kHoursCountedMax) hours_.insert(hour);
  }
  outcome_.partitions = static_cast<int64_t>(hours_.size());
  outcome_.min_time = std::min(outcome_.min_time, notes.min_time);
  outcome_.max_time = std::max(outcome_.max_time, notes.max_time);
}

Status ImportWriter::Write(const Parse& parse, const LineOf& line_of) {
  const int64_t patience_end_ns = SteadyNanos() + options_.overload_wait_ms_max * kNanosPerMilli;
  int conflicts = 0;
  while (true) {
    if (options_.stopping != nullptr && *options_.stopping) {
      return Error(ErrorKind::kUnavailable, "the server is stopping");
    }
    WriteBatch batch = parse(*lake_->Schemas(options_.database));
    if (batch.broken) {
      return Errorf(ErrorKind::kInvalidArgument, "line {}: {}", line_of(batch.broken->line), batch.broken->reason);
    }
    DropOtherTables(&batch);
    PieceNotes notes = NotesOf(&batch);
    const Status written = notes.rows == 0 ? Status::OK() : WriteOnce(std::move(batch));
    if (written.ok()) {
      Add(std::move(notes), line_of);
      return written;
    }
    const ErrorKind kind = KindOf(written);
    if (kind == ErrorKind::kConflict && ++conflicts < kAttemptsMax) continue;
    if (kind != ErrorKind::kOverloaded || SteadyNanos() > patience_end_ns) return written;
    std::this_thread::sleep_for(kOverloadPause);  // the client waits meanwhile: its body is not read on
  }
}

Status ImportWriter::WriteOnce(WriteBatch batch) {
  auto kept = std::make_shared<std::promise<Status>>();
  std::future<Status> answer = kept->get_future();
  lake_->Write(options_.database, std::move(batch), [kept](Status status) { kept->set_value(std::move(status)); });
  return answer.get();
}

void ImportWriter::DropOtherTables(WriteBatch* batch) const {
  if (options_.only_table.empty()) return;
  std::erase_if(batch->tables, [&](const TableRows& rows) { return rows.table != options_.only_table; });
  batch->accepted_rows = 0;
  for (const TableRows& rows : batch->tables) batch->accepted_rows += static_cast<int64_t>(rows.rows.rows());
}

ImportOutcome ImportWriter::Take(Status status) {
  outcome_.status = std::move(status);
  return std::move(outcome_);
}

}  // namespace gigapi
