#include "server/api/flight_sql/parameter_row.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

namespace gigapi::flight {
namespace {

/// Unions and dictionaries may hold one another; more than this is nobody's parameter.
constexpr int kDepthMax = 4;

Result<std::shared_ptr<arrow::Scalar>> PlainValue(std::shared_ptr<arrow::Scalar> value) {
  for (int depth = 0; depth < kDepthMax; ++depth) {
    switch (value->type->id()) {
      case arrow::Type::DENSE_UNION: value = static_cast<const arrow::DenseUnionScalar&>(*value).value; break;
      case arrow::Type::SPARSE_UNION: {
        const auto& member = static_cast<const arrow::SparseUnionScalar&>(*value);
        value = member.value[static_cast<size_t>(member.child_id)];
        break;
      }
      case arrow::Type::DICTIONARY: {
        ARROW_ASSIGN_OR_RAISE(value, static_cast<const arrow::DictionaryScalar&>(*value).GetEncodedValue());
        break;
      }
      default: return value;
    }
  }
  return Error(ErrorKind::kInvalidArgument, "a parameter's type is nested too deeply");
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> PlainParameterRow(const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(batch.ValidateFull());
  if (batch.num_rows() != 1) {
    return Errorf(ErrorKind::kInvalidArgument, "bind one row of parameters at a time, not {}", batch.num_rows());
  }
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto value, batch.column(i)->GetScalar(0));
    ARROW_ASSIGN_OR_RAISE(value, PlainValue(std::move(value)));
    fields.push_back(arrow::field(batch.column_name(i), value->type));
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::MakeArrayFromScalar(*value, 1));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, std::move(columns));
}

}  // namespace gigapi::flight
