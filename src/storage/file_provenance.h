// Where the rows of a data file came from: what its footer says besides the rows, so that a catalog that was lost is rebuilt
// from the files (repair/). One key-value pair of the Parquet file, "gigapi", a JSON document (docs/lake_layout.md); readers
// that do not know it pass over it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/partition.h"
#include "model/schema.h"

namespace gigapi {

/// Records of one write-ahead log: those after `after` up to and with `up_to`.
struct LogRange {
  uint64_t after = 0;
  uint64_t up_to = 0;

  bool operator==(const LogRange&) const = default;
};

/// Ranges of one log, ascending; none overlaps or touches another.
using LogRanges = std::vector<LogRange>;

/// Adds a range, joining it with those that it overlaps or touches.
void AddRange(LogRange range, LogRanges* ranges);

struct FileProvenance {
  static constexpr char kKey[] = "gigapi";
  static constexpr size_t kReplacedMax = 64;
  static constexpr size_t kRangesMax = 64;

  std::string database = {};
  std::string table = {};
  PartitionKey partition = {};
  int level = 1;
  std::string node = {};   // whose process wrote the file
  int64_t created_ns = 0;  // wall time
  /// Of the layer that the file was written to (data_file.h); a copy in another one has other times.
  std::string layer = {};
  int64_t oldest_in_layer_ns = 0;
  int64_t newest_in_layer_ns = 0;
  uint64_t min_sequence = 0;
  uint64_t max_sequence = 0;
  /// The file has every row that these records have for the partition. By log, which has the name of its node.
  std::map<std::string, LogRanges> logs = {};
  /// False: the file has rows of other records too, or not all of these: a file that it was made of does not tell, or they
  /// were too many. Each log's greatest sequence still holds.
  bool has_all_ranges = true;
  /// The types of the table's columns in schema order, '-' where the file lacks one, up to the last that it has; their names
  /// are those of the Parquet schema.
  std::string column_types = {};
  /// Names of the files that this one was merged from, at most kReplacedMax.
  std::vector<std::string> replaced = {};

  bool operator==(const FileProvenance&) const = default;
};

/// What `column_types` is for a file of these columns, which are the table's in schema order.
std::string EncodeColumnTypes(const TableSchema& table, const std::vector<ColumnSchema>& columns);
/// nullopt: '-', or no letter of a type.
std::optional<ColumnType> DecodeColumnType(char letter);

/// Of a merged file: what its inputs' ranges are together. `inputs` may hold nullptr, for a file without provenance.
void UniteLogs(const std::vector<const FileProvenance*>& inputs, FileProvenance* merged);

std::string EncodeProvenance(const FileProvenance& provenance);
/// kInvalidArgument for what is none, kUnsupported for one of a later version.
Result<FileProvenance> DecodeProvenance(std::string_view json);

}  // namespace gigapi
