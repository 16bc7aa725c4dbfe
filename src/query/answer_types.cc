#include "query/answer_types.h"

#include <duckdb/common/type_visitor.hpp>

#include <limits>

#include "base/clock.h"

namespace gigapi {
namespace {

using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;

bool GoesAsText(LogicalTypeId id) {
  switch (id) {
    case LogicalTypeId::UHUGEINT:  // Arrow's decimals have a sign, and 38 digits where it has 39
    case LogicalTypeId::BIGNUM:
    case LogicalTypeId::BIT:
    case LogicalTypeId::TIME_TZ:  // would lose its zone
    case LogicalTypeId::VARIANT: return true;
    default: return false;
  }
}

bool IsUnnamedStruct(const LogicalType& type) {
  return type.id() == LogicalTypeId::STRUCT && type.AuxInfo() != nullptr && duckdb::StructType::IsUnnamed(type);
}

LogicalType WithNames(const LogicalType& type) {
  auto parts = duckdb::StructType::GetChildTypes(type);
  for (size_t i = 0; i < parts.size(); ++i) parts[i].first = "f" + std::to_string(i + 1);
  return LogicalType::STRUCT(std::move(parts));
}

void CheckIntervals(duckdb::Vector& vector, idx_t count) {
  const auto& type = vector.GetType();
  if (type.id() == LogicalTypeId::INTERVAL) {
    duckdb::UnifiedVectorFormat format;
    vector.ToUnifiedFormat(count, format);
    const auto* intervals = duckdb::UnifiedVectorFormat::GetData<duckdb::interval_t>(format);
    constexpr int64_t kMicrosMax = std::numeric_limits<int64_t>::max() / kNanosPerMicro;
    for (idx_t i = 0; i < count; ++i) {
      const idx_t index = format.sel->get_index(i);
      if (!format.validity.RowIsValid(index)) continue;
      const int64_t micros = intervals[index].micros;
      if (micros > kMicrosMax || micros < -kMicrosMax) {
        throw duckdb::OutOfRangeException(
            "An interval of more than 2562047 hours has no place in an answer: CAST(... AS VARCHAR) shows it");
      }
    }
    return;
  }
  // What lies under lists and the like is looked at whole, as wide as it may be referred to.
  if (!type.IsNested()) return;
  vector.Flatten(count);
  switch (type.InternalType()) {
    case duckdb::PhysicalType::LIST:
      return CheckIntervals(duckdb::ListVector::GetEntry(vector), duckdb::ListVector::GetListSize(vector));
    case duckdb::PhysicalType::ARRAY:
      return CheckIntervals(duckdb::ArrayVector::GetEntry(vector), duckdb::ArrayType::GetSize(type) * count);
    case duckdb::PhysicalType::STRUCT:
      for (auto& child : duckdb::StructVector::GetEntries(vector)) CheckIntervals(*child, count);
      return;
    default: return;
  }
}

bool HasIntervals(const LogicalType& type) { return duckdb::TypeVisitor::Contains(type, LogicalTypeId::INTERVAL); }

}  // namespace

LogicalType AnswerType(const LogicalType& type) {
  const auto changes = [](const LogicalType& part) { return GoesAsText(part.id()) || IsUnnamedStruct(part); };
  // A type that is put together anew has lost its name.
  if (!duckdb::TypeVisitor::Contains(type, changes)) return type;
  return duckdb::TypeVisitor::VisitReplace(type, [](const LogicalType& part) {
    if (GoesAsText(part.id())) return LogicalType(LogicalTypeId::VARCHAR);
    return IsUnnamedStruct(part) ? WithNames(part) : part;
  });
}

AnswerTypes::AnswerTypes(const duckdb::vector<LogicalType>& types) {
  for (const auto& type : types) {
    types_.push_back(AnswerType(type));
    changed_ |= types_.back() != type;
    has_intervals_ |= HasIntervals(type);
  }
}

duckdb::unique_ptr<duckdb::DataChunk> AnswerTypes::Convert(duckdb::unique_ptr<duckdb::DataChunk> chunk,
                                                           duckdb::ClientContext& context) const {
  if (has_intervals_) {
    for (auto& column : chunk->data) {
      if (HasIntervals(column.GetType())) CheckIntervals(column, chunk->size());
    }
  }
  if (!changed_) return chunk;
  auto converted = duckdb::make_uniq<duckdb::DataChunk>();
  converted->InitializeEmpty(types_);
  for (size_t i = 0; i < types_.size(); ++i) {
    auto& from = chunk->data[i];
    if (from.GetType() == types_[i]) {
      converted->data[i].Reference(from);
    } else {
      duckdb::Vector to(types_[i], chunk->size());
      duckdb::VectorOperations::Cast(context, from, to, chunk->size());
      converted->data[i].Reference(to);
    }
  }
  converted->SetCardinality(chunk->size());
  return converted;
}

}  // namespace gigapi
