#include "repair/table_rebuild.h"

#include <algorithm>
#include <optional>

#include "base/path.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// Files of earlier versions do not tell tags from strings.
bool IsText(ColumnType type) { return type == ColumnType::kTag || type == ColumnType::kString; }

/// A column as one file has it, and its place in the table.
struct PlacedColumn {
  size_t place = 0;
  ColumnSchema column;
};

/// Without provenance, or where it contradicts the file: all behind the others.
std::vector<PlacedColumn> ColumnsOf(const ParquetFooter& footer) {
  std::vector<PlacedColumn> placed;
  const std::string letters = footer.provenance ? footer.provenance->column_types : std::string();
  size_t next = 0;
  for (size_t place = 0; place < letters.size() && next < footer.columns.size(); ++place) {
    if (!DecodeColumnType(letters[place])) continue;
    placed.push_back({place, {footer.columns[next].name, footer.columns[next].type}});
    ++next;
  }
  for (; next < footer.columns.size(); ++next) {
    placed.push_back({SIZE_MAX, {footer.columns[next].name, footer.columns[next].type}});
  }
  return placed;
}

class ColumnPlaces {
 public:
  explicit ColumnPlaces(const SchemaPtr& known) {
    if (known == nullptr) return;
    for (const ColumnSchema& column : known->columns()) places_.emplace_back(column);
    known_count_ = places_.size();
  }

  Status Add(const PlacedColumn& wanted) {
    for (size_t place = 0; place < places_.size() + late_.size(); ++place) {
      std::optional<ColumnSchema>& at = place < places_.size() ? places_[place] : late_[place - places_.size()];
      if (!at || FoldCase(at->name) != FoldCase(wanted.column.name)) continue;
      return Fit(wanted.column, place < known_count_, &*at);
    }
    if (wanted.place != SIZE_MAX && wanted.place >= known_count_) {
      if (places_.size() <= wanted.place) places_.resize(wanted.place + 1);
      if (!places_[wanted.place]) {
        places_[wanted.place] = wanted.column;
        return Status::OK();
      }
    }
    late_.emplace_back(wanted.column);
    return Status::OK();
  }

  SchemaPtr Schema() const {
    std::vector<ColumnSchema> columns;
    for (const auto& column : places_) {
      if (column) columns.push_back(*column);
    }
    for (const auto& column : late_) columns.push_back(*column);
    return std::make_shared<const TableSchema>(std::move(columns));
  }

 private:
  static Status Fit(const ColumnSchema& wanted, bool is_known, ColumnSchema* at) {
    if (at->name == wanted.name && (Widens(wanted.type, at->type) || (IsText(wanted.type) && IsText(at->type)))) {
      return Status::OK();
    }
    if (at->name == wanted.name && !is_known && Widens(at->type, wanted.type)) {
      at->type = wanted.type;
      return Status::OK();
    }
    return Errorf(ErrorKind::kConflict, "column {} is a {} in one file, {} a {} in another", at->name, ToString(at->type),
                  wanted.name, ToString(wanted.type));
  }

  std::vector<std::optional<ColumnSchema>> places_;
  std::vector<std::optional<ColumnSchema>> late_;
  size_t known_count_ = 0;
};

}  // namespace

DataFilePtr MakeDataFile(const FoundFile& found, PartitionKey partition, const TableSchema& schema, const std::string& node,
                         bool is_shared) {
  const ParquetFooter& footer = *found.footer;
  auto file = std::make_shared<DataFile>();
  file->id = NewDataFileId();
  file->layer = found.layer;
  file->key = found.key;
  if (is_shared && !found.layer->is_global() && found.layer->local_directory()) file->node = node;
  file->partition = partition;
  file->level = LevelOfFileName(NameOf(found.key)).value_or(1);
  file->size_bytes = found.size_bytes;
  file->rows = footer.rows;
  file->min_time = footer.min_time;
  file->max_time = footer.max_time;
  file->columns = footer.columns;
  for (ColumnStats& column : file->columns) {
    const auto position = schema.Find(column.name);
    if (position && IsText(column.type)) column.type = schema[*position].type;
  }
  file->created_ns = file->oldest_in_layer_ns = file->newest_in_layer_ns = found.modified_ns;
  if (!footer.provenance) return file;
  const FileProvenance& provenance = *footer.provenance;
  file->created_ns = provenance.created_ns;
  if (provenance.layer == found.layer->name()) {
    file->oldest_in_layer_ns = provenance.oldest_in_layer_ns;
    file->newest_in_layer_ns = provenance.newest_in_layer_ns;
  }
  // Sequences of another log mean nothing to the one process of a lake.
  if (is_shared || provenance.logs.contains(node)) {
    file->min_sequence = provenance.min_sequence;
    file->max_sequence = provenance.max_sequence;
  }
  return file;
}

void RaiseSequences(const std::vector<const FoundFile*>& files, const std::string& node, bool is_shared,
                    WalSequences* sequences) {
  for (const FoundFile* file : files) {
    if (!file->footer->provenance) continue;
    for (const auto& [log, ranges] : file->footer->provenance->logs) {
      if (ranges.empty() || (!is_shared && log != node)) continue;
      uint64_t& sequence = (*sequences)[is_shared ? log : std::string()];
      sequence = std::max(sequence, ranges.back().up_to);
    }
  }
}

Result<SchemaPtr> RebuildSchema(const SchemaPtr& known, std::vector<const FoundFile*> files) {
  // What a file says of the places counts before what none says; of two that contradict each other, the newer one.
  const auto order = [](const FoundFile* file) {
    return file->footer->provenance ? file->footer->provenance->created_ns : INT64_MIN;
  };
  std::ranges::stable_sort(files, std::greater(), order);
  ColumnPlaces places(known);
  for (const FoundFile* file : files) {
    for (const PlacedColumn& column : ColumnsOf(*file->footer)) ARROW_RETURN_NOT_OK(places.Add(column));
  }
  return places.Schema();
}

}  // namespace gigapi
