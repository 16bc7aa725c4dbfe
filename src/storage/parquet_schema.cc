#include "storage/parquet_schema.h"

#include <parquet/types.h>

namespace gigapi {
namespace {

using parquet::LogicalType;
using parquet::Repetition;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

NodePtr MakeNode(const ColumnSchema& column) {
  const auto repetition = Repetition::OPTIONAL;
  const std::string& name = column.name;
  switch (column.type) {
    case ColumnType::kTag:
    case ColumnType::kString: return PrimitiveNode::Make(name, repetition, LogicalType::String(), parquet::Type::BYTE_ARRAY);
    case ColumnType::kFloat64: return PrimitiveNode::Make(name, repetition, parquet::Type::DOUBLE);
    case ColumnType::kInt64: return PrimitiveNode::Make(name, repetition, parquet::Type::INT64);
    case ColumnType::kUInt64:
      return PrimitiveNode::Make(name, repetition, LogicalType::Int(64, false), parquet::Type::INT64);
    case ColumnType::kBool: return PrimitiveNode::Make(name, repetition, parquet::Type::BOOLEAN);
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<parquet::schema::GroupNode> MakeParquetSchema(const std::vector<ColumnSchema>& columns) {
  parquet::schema::NodeVector nodes;
  nodes.push_back(PrimitiveNode::Make(std::string(kTimeColumn), Repetition::REQUIRED,
                                      LogicalType::Timestamp(false, LogicalType::TimeUnit::NANOS), parquet::Type::INT64));
  for (const ColumnSchema& column : columns) nodes.push_back(MakeNode(column));
  return std::static_pointer_cast<parquet::schema::GroupNode>(
      parquet::schema::GroupNode::Make("schema", Repetition::REQUIRED, nodes));
}

}  // namespace gigapi
