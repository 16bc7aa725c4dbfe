// Writes the pieces of an import one after the other, each kept before the next is parsed, and counts what became of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lake/lake.h"
#include "model/write_batch.h"
#include "server/write_stats.h"

namespace gigapi {

/// What an import has done, also when it failed half-way: rows are kept piece by piece.
struct ImportOutcome {
  /// Not OK: why the import ended before the body did. What was kept until then stays.
  Status status;
  int64_t imported_rows = 0;
  int64_t refused_rows = 0;
  std::vector<RefusedLine> refused;  // the first of them
  int64_t first_refused_line = 0;    // 0: none
  std::set<std::string> tables;      // that got rows
  std::vector<std::string> columns;  // in order of appearance, without `time`
  int64_t partitions = 0;            // hours that got rows, of all tables
  int64_t min_time = std::numeric_limits<int64_t>::max();
  int64_t max_time = std::numeric_limits<int64_t>::min();
};

struct ImportWriterOptions {
  std::string database;
  std::string only_table;  // rows of other tables are passed over; empty: all are kept
  size_t refused_shown_max = WriteBatch::kMaxRefusedShown;
  int64_t overload_wait_ms_max = 60'000;        // for memory that other writes take
  const std::atomic<bool>* stopping = nullptr;  // once true, no further piece is written
  WriteStats* stats = nullptr;                  // counts the rows as those of other writes; may be nullptr
};

/// One thread. Blocks.
class ImportWriter {
 public:
  ImportWriter(ImportWriterOptions options, Lake* lake) : options_(std::move(options)), lake_(lake) {}

  /// Called again when the schema has changed meanwhile.
  using Parse = std::function<WriteBatch(const SchemaSource& schemas)>;
  /// Tells the line of the body by that of the piece.
  using LineOf = std::function<int64_t(int64_t line)>;
  /// Parses a piece and waits until its rows are kept. Lines that are refused are counted, not a failure; of a piece that is
  /// broken nothing is kept.
  Status Write(const Parse& parse, const LineOf& line_of);

  const ImportOutcome& outcome() const { return outcome_; }
  ImportOutcome Take(Status status);

 private:
  struct PieceNotes;
  static PieceNotes NotesOf(WriteBatch* batch);
  Status WriteOnce(WriteBatch batch);
  void DropOtherTables(WriteBatch* batch) const;
  void Add(PieceNotes notes, const LineOf& line_of);

  const ImportWriterOptions options_;
  Lake* const lake_;
  ImportOutcome outcome_;
  std::unordered_set<std::string> known_columns_;
  std::unordered_set<int64_t> hours_;
};

}  // namespace gigapi
