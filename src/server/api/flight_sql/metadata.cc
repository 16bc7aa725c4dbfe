#include "server/api/flight_sql/metadata.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/ipc/writer.h>

#include <algorithm>

#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/like_pattern.h"
#include "server/api/flight_sql/sql_info.h"
#include "server/api/flight_sql/type_info.h"

namespace gigapi::flight {

namespace pb = arrow::flight::protocol::sql;

namespace {

constexpr std::string_view kTableType = "TABLE";

std::shared_ptr<arrow::Field> Required(const char* name, std::shared_ptr<arrow::DataType> type = arrow::utf8()) {
  return arrow::field(name, std::move(type), /*nullable=*/false);
}
std::shared_ptr<arrow::Field> Optional(const char* name, std::shared_ptr<arrow::DataType> type = arrow::utf8()) {
  return arrow::field(name, std::move(type));
}

MetadataTable EmptyTable(arrow::FieldVector fields) {
  auto schema = arrow::schema(std::move(fields));
  return {schema, [schema] { return arrow::RecordBatch::MakeEmpty(schema); }};
}

/// Columns of text, filled a row at a time.
class TextRows {
 public:
  explicit TextRows(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
    for (const auto& field : schema_->fields()) {
      if (field->type()->id() == arrow::Type::BINARY) builders_.push_back(std::make_unique<arrow::BinaryBuilder>());
      else builders_.push_back(std::make_unique<arrow::StringBuilder>());
    }
  }

  Status Add(std::initializer_list<std::string_view> values) {
    size_t i = 0;
    for (const std::string_view value : values) ARROW_RETURN_NOT_OK(builders_[i++]->Append(value));
    ++rows_;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish() {
    arrow::ArrayVector columns;
    for (auto& builder : builders_) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
    }
    return arrow::RecordBatch::Make(schema_, rows_, std::move(columns));
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::BinaryBuilder>> builders_;
  int64_t rows_ = 0;
};

MetadataTable OneName(const char* column, std::string_view name) {
  auto schema = arrow::schema({Required(column)});
  return {schema, [schema, name]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
            TextRows rows(schema);
            ARROW_RETURN_NOT_OK(rows.Add({name}));
            return rows.Finish();
          }};
}

template <typename Command>
bool NamesOurCatalog(const Command& command) {
  return !command.has_catalog() || command.catalog() == kCatalogName;
}

template <typename Command>
bool NamesDatabase(const Command& command, const std::string& database) {
  return !command.has_db_schema_filter_pattern() || LikeMatches(command.db_schema_filter_pattern(), database);
}

Result<MetadataTable> DbSchemas(const Packed& packed, SnapshotSource* lake) {
  ARROW_ASSIGN_OR_RAISE(auto command, ParseMessage<pb::CommandGetDbSchemas>(packed.value));
  auto schema = arrow::schema({Optional("catalog_name"), Required("db_schema_name")});
  return MetadataTable{schema, [schema, lake, command]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
                         TextRows rows(schema);
                         const LakeSnapshotPtr snapshot = lake->Snapshot();
                         for (const auto& [database, tables] : snapshot->databases) {
                           if (!NamesOurCatalog(command) || !NamesDatabase(command, database)) continue;
                           ARROW_RETURN_NOT_OK(rows.Add({kCatalogName, database}));
                         }
                         return rows.Finish();
                       }};
}

bool WantsTables(const pb::CommandGetTables& command) {
  const auto& types = command.table_types();
  return types.empty() || std::find(types.begin(), types.end(), kTableType) != types.end();
}

Status AddTables(const pb::CommandGetTables& command, const LakeSnapshot& snapshot, TextRows* rows) {
  if (!NamesOurCatalog(command) || !WantsTables(command)) return Status::OK();
  for (const auto& [database, tables] : snapshot.databases) {
    if (!NamesDatabase(command, database)) continue;
    for (const auto& [name, table] : tables) {
      if (command.has_table_name_filter_pattern() && !LikeMatches(command.table_name_filter_pattern(), name)) continue;
      if (!command.include_schema()) {
        ARROW_RETURN_NOT_OK(rows->Add({kCatalogName, database, name, kTableType}));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::ipc::SerializeSchema(*FlightSchemaOf(*table->schema)));
      ARROW_RETURN_NOT_OK(rows->Add({kCatalogName, database, name, kTableType, std::string_view(*bytes)}));
    }
  }
  return Status::OK();
}

Result<MetadataTable> Tables(const Packed& packed, SnapshotSource* lake) {
  ARROW_ASSIGN_OR_RAISE(auto command, ParseMessage<pb::CommandGetTables>(packed.value));
  arrow::FieldVector fields = {Optional("catalog_name"), Optional("db_schema_name"), Required("table_name"),
                               Required("table_type")};
  if (command.include_schema()) fields.push_back(Required("table_schema", arrow::binary()));
  auto schema = arrow::schema(std::move(fields));
  return MetadataTable{schema, [schema, lake, command]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
                         TextRows rows(schema);
                         ARROW_RETURN_NOT_OK(AddTables(command, *lake->Snapshot(), &rows));
                         return rows.Finish();
                       }};
}

/// Tables have no keys: rows may come twice.
MetadataTable NoPrimaryKeys() {
  return EmptyTable({Optional("catalog_name"), Optional("db_schema_name"), Required("table_name"), Required("column_name"),
                     Optional("key_name"), Required("key_sequence", arrow::int32())});
}

MetadataTable NoForeignKeys() {
  return EmptyTable({Optional("pk_catalog_name"), Optional("pk_db_schema_name"), Required("pk_table_name"),
                     Required("pk_column_name"), Optional("fk_catalog_name"), Optional("fk_db_schema_name"),
                     Required("fk_table_name"), Required("fk_column_name"), Required("key_sequence", arrow::int32()),
                     Optional("fk_key_name"), Optional("pk_key_name"), Required("update_rule", arrow::uint8()),
                     Required("delete_rule", arrow::uint8())});
}

Result<MetadataTable> SqlInfo(const Packed& packed, const std::string& version) {
  ARROW_ASSIGN_OR_RAISE(auto command, ParseMessage<pb::CommandGetSqlInfo>(packed.value));
  const std::vector<uint32_t> wanted(command.info().begin(), command.info().end());
  return MetadataTable{SqlInfoSchema(), [wanted, version] { return MakeSqlInfo(wanted, version); }};
}

Result<MetadataTable> TypeInfo(const Packed& packed) {
  ARROW_ASSIGN_OR_RAISE(auto command, ParseMessage<pb::CommandGetXdbcTypeInfo>(packed.value));
  std::optional<int32_t> wanted;
  if (command.has_data_type()) wanted = command.data_type();
  return MetadataTable{TypeInfoSchema(), [wanted] { return MakeTypeInfo(wanted); }};
}

std::shared_ptr<arrow::DataType> FlightTypeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kFloat64: return arrow::float64();
    case ColumnType::kInt64: return arrow::int64();
    case ColumnType::kUInt64: return arrow::uint64();
    case ColumnType::kBool: return arrow::boolean();
    case ColumnType::kTag:
    case ColumnType::kString: break;
  }
  return arrow::utf8();
}

}  // namespace

std::shared_ptr<arrow::Schema> FlightSchemaOf(const TableSchema& table) {
  arrow::FieldVector fields = {arrow::field(std::string(kTimeColumn), arrow::timestamp(arrow::TimeUnit::NANO))};
  for (const auto& column : table.columns()) fields.push_back(arrow::field(column.name, FlightTypeOf(column.type)));
  return arrow::schema(std::move(fields));
}

Result<std::optional<MetadataTable>> FindMetadata(const Packed& command, SnapshotSource* lake, const std::string& version) {
  const std::string& name = command.name;
  if (name == "CommandGetSqlInfo") return SqlInfo(command, version);
  if (name == "CommandGetCatalogs") return OneName("catalog_name", kCatalogName);
  if (name == "CommandGetDbSchemas") return DbSchemas(command, lake);
  if (name == "CommandGetTables") return Tables(command, lake);
  if (name == "CommandGetTableTypes") return OneName("table_type", kTableType);
  if (name == "CommandGetXdbcTypeInfo") return TypeInfo(command);
  if (name == "CommandGetPrimaryKeys") return NoPrimaryKeys();
  if (name == "CommandGetExportedKeys" || name == "CommandGetImportedKeys" || name == "CommandGetCrossReference") {
    return NoForeignKeys();
  }
  return std::nullopt;
}

}  // namespace gigapi::flight
