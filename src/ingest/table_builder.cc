#include "ingest/table_builder.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "model/names.h"

namespace gigapi {

namespace {

// InfluxDB's own words, which its clients look for.
std::string TypeConflict(std::string_view table, std::string_view name, ColumnType type, ColumnType known) {
  return fmt::format("field type conflict: input field \"{}\" on measurement \"{}\" is type {}, already exists as type {}",
                     name, table, ToString(type), ToString(known));
}

constexpr int kTypeChangesMax = 16;

/// Whether a float holds the integer as it is: 53 bits between its first and its last.
bool IsExactFloat(uint64_t magnitude) {
  return magnitude == 0 || std::bit_width(magnitude) - std::countr_zero(magnitude) <= 53;
}

}  // namespace

size_t ColumnBuilder::size() const {
  switch (column_.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: return column_.words.size();
    case ColumnType::kBool: return column_.bools.size();
    case ColumnType::kTag: return column_.codes.size();
    case ColumnType::kString: return column_.strings.size();
  }
  return 0;
}

void ColumnBuilder::Truncate(size_t rows) {
  if (size() <= rows) return;
  switch (column_.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: column_.words.Resize(rows); break;
    case ColumnType::kBool: column_.bools.Resize(rows); break;
    case ColumnType::kTag: column_.codes.Resize(rows); break;
    case ColumnType::kString: column_.strings.Truncate(rows); break;
  }
  if (!column_.valid.empty()) column_.valid.Resize(rows);
}

void ColumnBuilder::Added(size_t rows) {
  switch (column_.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: column_.words.Resize(column_.words.size() + rows); break;
    case ColumnType::kBool: column_.bools.Resize(column_.bools.size() + rows); break;
    case ColumnType::kTag: column_.codes.Resize(column_.codes.size() + rows); break;
    case ColumnType::kString: return;  // has no room to write to
  }
  if (!column_.valid.empty()) column_.valid.Resize(column_.valid.size() + rows, 1);
}

/// All words by `convert`, which answers false where a value has no place in the type.
template <typename Convert>
TypeChange ColumnBuilder::ChangeWords(ColumnType type, const Convert& convert) {
  const PodVector<uint64_t>& words = column_.words;
  uint64_t word = 0;
  if (unchangeable_ < words.size() && !convert(words[unchangeable_], &word)) return TypeChange::kValueWouldChange;
  if (++type_changes_ > kTypeChangesMax) return TypeChange::kTooOften;
  PodVector<uint64_t> changed;
  changed.Reserve(words.capacity());
  for (size_t row = 0; row < words.size(); ++row) {
    if (!convert(words[row], &word)) {
      unchangeable_ = row;
      return TypeChange::kValueWouldChange;
    }
    changed.PushBack(word);
  }
  column_.words = std::move(changed);
  column_.type = type;
  return TypeChange::kDone;
}

TypeChange ColumnBuilder::IntegersToFloats() {
  const bool is_signed = column_.type == ColumnType::kInt64;
  return ChangeWords(ColumnType::kFloat64, [is_signed](uint64_t bits, uint64_t* word) {
    const auto integer = static_cast<int64_t>(bits);
    if (!IsExactFloat(is_signed && integer < 0 ? -bits : bits)) return false;
    const double value = is_signed ? static_cast<double>(integer) : static_cast<double>(bits);
    __builtin_memcpy(word, &value, sizeof(value));
    return true;
  });
}

TypeChange ColumnBuilder::FloatsToIntegers(size_t row, ColumnType type) {
  if (has_replaced_ || HasRow(row)) return TypeChange::kValueWouldChange;
  const bool is_signed = type == ColumnType::kInt64;
  const double least = is_signed ? -0x1p63 : 0, limit = is_signed ? 0x1p63 : 0x1p64;
  return ChangeWords(type, [=](uint64_t bits, uint64_t* word) {
    double value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    const bool is_negative_zero = value == 0 && bits != 0;
    if (!(value >= least && value < limit) || std::trunc(value) != value || is_negative_zero) return false;
    *word = is_signed ? static_cast<uint64_t>(static_cast<int64_t>(value)) : static_cast<uint64_t>(value);
    return true;
  });
}

void ColumnBuilder::TagsToStrings() {
  StringColumn values;
  values.mutable_offsets().Reserve(column_.codes.size() + 1);
  for (size_t row = 0; row < column_.codes.size(); ++row) {
    values.Append(column_.IsValid(row) ? column_.strings[column_.codes[row]] : std::string_view());
  }
  column_.strings = std::move(values);
  column_.codes = {};
  column_.type = ColumnType::kString;
  interner_ = {};
}

void ColumnBuilder::PrepareRow(size_t row, size_t filled) {
  if (filled <= row) return FillNulls(filled, row);
  has_replaced_ = true;  // a repeated field: the last value counts
  Truncate(row);
}

void ColumnBuilder::FillNulls(size_t from, size_t to) {
  if (from == to) return;
  if (column_.valid.empty()) column_.valid.Resize(from, 1);
  column_.valid.Resize(to, 0);
  switch (column_.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: column_.words.Resize(to, 0); break;
    case ColumnType::kBool: column_.bools.Resize(to, 0); break;
    case ColumnType::kTag: column_.codes.Resize(to, 0); break;
    case ColumnType::kString: {
      auto& offsets = column_.strings.mutable_offsets();
      offsets.Resize(to + 1, offsets.back());
      break;
    }
  }
}

void ColumnBuilder::Reserve(size_t rows) {
  switch (column_.type) {
    case ColumnType::kFloat64:
    case ColumnType::kInt64:
    case ColumnType::kUInt64: column_.words.Reserve(rows); break;
    case ColumnType::kBool: column_.bools.Reserve(rows); break;
    case ColumnType::kTag: column_.codes.Reserve(rows); break;
    case ColumnType::kString: column_.strings.mutable_offsets().Reserve(rows + 1); break;
  }
}

Column ColumnBuilder::Finish(size_t rows) {
  Truncate(rows);
  FillNulls(size(), rows);
  // What a batch takes while it is buffered counts: a guess that was far too high is given back.
  column_.words.ShrinkIfLoose();
  column_.codes.ShrinkIfLoose();
  column_.strings.mutable_bytes().ShrinkIfLoose();
  column_.strings.mutable_offsets().ShrinkIfLoose();
  return std::move(column_);
}

TableBuilder::TableBuilder(std::string table, SchemaPtr known, size_t columns_max)
    : table_(std::move(table)), known_(std::move(known)), columns_max_(columns_max) {}

std::optional<ColumnType> TableBuilder::TypeOf(std::string_view name) const {
  const auto found = by_lower_name_.find(FoldCase(name));
  if (found != by_lower_name_.end()) return found->second->type();
  const auto known = known_ ? known_->FindIgnoringCase(name) : std::nullopt;
  if (known) return (*known_)[*known].type;
  return std::nullopt;
}

ColumnBuilder* TableBuilder::FindOrAdd(std::string_view name, ColumnType type, std::string* reason) {
  const auto found = by_lower_name_.find(FoldCase(name));
  if (found == by_lower_name_.end()) return Add(name, type, reason);
  ColumnBuilder* column = found->second;
  Touch(column);
  if (column->name() != name) {
    *reason = fmt::format("column '{}' differs only in case from column '{}'", name, column->name());
    return nullptr;
  }
  if (!Widens(type, column->type())) {
    *reason = TypeConflict(table_, name, type, column->type());
    return nullptr;
  }
  return column;
}

ColumnBuilder* TableBuilder::Add(std::string_view name, ColumnType type, std::string* reason) {
  const auto known = known_ ? known_->FindIgnoringCase(name) : std::nullopt;
  if (known) {
    const ColumnSchema& schema = (*known_)[*known];
    if (schema.name != name) {
      *reason = fmt::format("column '{}' differs only in case from column '{}'", name, schema.name);
      return nullptr;
    }
    if (!Widens(type, schema.type)) {
      *reason = TypeConflict(table_, name, type, schema.type);
      return nullptr;
    }
    type = schema.type;
  } else {
    if (const Status valid = ValidateColumnName(name); !valid.ok()) {
      *reason = valid.message();
      return nullptr;
    }
    if ((known_ ? known_->size() : 0) + columns_new_ >= columns_max_) {
      *reason = fmt::format("table '{}' has {} columns already, no more are allowed", table_, columns_max_);
      return nullptr;
    }
    ++columns_new_;
  }
  ColumnBuilder* column = columns_.emplace_back(std::make_unique<ColumnBuilder>(std::string(name), type, !known)).get();
  column->Reserve(reserved_rows_);
  by_lower_name_.emplace(FoldCase(name), column);
  Touch(column);
  return column;
}

void TableBuilder::RollBackRow() {
  for (ColumnBuilder* const column : touched_) column->Truncate(rows());
  touched_.clear();
  while (columns_.size() > columns_committed_) {
    const std::string& name = columns_.back()->name();
    if (!known_ || !known_->Find(name)) --columns_new_;
    by_lower_name_.erase(FoldCase(name));
    columns_.pop_back();
  }
}

void TableBuilder::Reserve(size_t rows) {
  reserved_rows_ = rows;
  time_.Reserve(rows);
  for (const auto& column : columns_) column->Reserve(rows);
}

ColumnBatch TableBuilder::Finish() {
  ColumnBatch batch;
  time_.ShrinkIfLoose();
  batch.time = std::move(time_);
  batch.columns.reserve(columns_.size());
  for (const auto& column : columns_) batch.columns.push_back(column->Finish(batch.time.size()));
  batch.ComputeTimeRange();
  return batch;
}

}  // namespace gigapi
