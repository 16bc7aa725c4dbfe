#include "server/api/arc/table_listing.h"

#include <arrow/builder.h>

#include "query/batch_stream.h"
#include "server/http/http.h"

namespace gigapi::arc {
namespace {

constexpr double kBytesPerMegabyte = 1 << 20;

/// The next word, or a quoted name; comments and white space before it are skipped. Empty at the end.
std::string_view NextWord(std::string_view* text) {
  while (!text->empty()) {
    const size_t space = text->find_first_not_of(" \t\r\n;");
    text->remove_prefix(std::min(space, text->size()));
    if (text->starts_with("--")) text->remove_prefix(std::min(text->find('\n'), text->size()));
    else if (text->starts_with("/*")) {
      const size_t end = text->find("*/", 2);
      text->remove_prefix(end == std::string_view::npos ? text->size() : end + 2);
    } else break;
  }
  if (text->empty()) return {};
  const char quote = text->front();
  const bool quoted = quote == '"' || quote == '\'' || quote == '`';
  const size_t end = quoted ? text->find(quote, 1) : text->find_first_of(" \t\r\n;");
  const size_t size = std::min(end, text->size());
  const std::string_view word = text->substr(quoted ? 1 : 0, size - (quoted ? 1 : 0));
  text->remove_prefix(std::min(size + (quoted ? 1 : 0), text->size()));
  return word;
}

TableListing Describe(const TableSnapshot& table) {
  TableListing listing{table.database, table.table, table.database + "/" + table.table + "/**/*.parquet"};
  int64_t bytes = 0;
  for (const DataFilePtr& file : table.files) bytes += file->size_bytes;
  listing.files = static_cast<int64_t>(table.files.size());
  listing.megabytes = static_cast<double>(bytes) / kBytesPerMegabyte;
  return listing;
}

Result<std::unique_ptr<QueryStream>> Databases(const LakeSnapshot& snapshot) {
  arrow::StringBuilder names;
  for (const auto& [name, tables] : snapshot.databases) ARROW_RETURN_NOT_OK(names.Append(name));
  ARROW_ASSIGN_OR_RAISE(auto column, names.Finish());
  auto schema = arrow::schema({arrow::field("database", arrow::utf8())});
  const int64_t rows = column->length();
  return std::make_unique<BatchStream>(arrow::RecordBatch::Make(std::move(schema), rows, {std::move(column)}));
}

Result<std::unique_ptr<QueryStream>> Tables(const LakeSnapshot& snapshot, const std::string& database) {
  arrow::StringBuilder databases, tables, paths;
  arrow::Int64Builder files;
  arrow::DoubleBuilder megabytes;
  for (const TableListing& table : ListTables(snapshot, database)) {
    ARROW_RETURN_NOT_OK(databases.Append(table.database));
    ARROW_RETURN_NOT_OK(tables.Append(table.table));
    ARROW_RETURN_NOT_OK(paths.Append(table.storage_path));
    ARROW_RETURN_NOT_OK(files.Append(table.files));
    ARROW_RETURN_NOT_OK(megabytes.Append(table.megabytes));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&databases, &tables, &paths, &files, &megabytes}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  auto schema = arrow::schema({arrow::field("database", arrow::utf8()), arrow::field("table_name", arrow::utf8()),
                               arrow::field("storage_path", arrow::utf8()), arrow::field("file_count", arrow::int64()),
                               arrow::field("total_size_mb", arrow::float64())});
  const int64_t rows = columns[0]->length();
  return std::make_unique<BatchStream>(arrow::RecordBatch::Make(std::move(schema), rows, std::move(columns)));
}

}  // namespace

std::optional<ShowStatement> ParseShow(std::string_view sql) {
  if (!http::EqualsIgnoringCase(NextWord(&sql), "SHOW")) return std::nullopt;
  ShowStatement show;
  const std::string_view what = NextWord(&sql);
  show.databases = http::EqualsIgnoringCase(what, "DATABASES");
  if (!show.databases && !http::EqualsIgnoringCase(what, "TABLES") && !http::EqualsIgnoringCase(what, "MEASUREMENTS")) {
    return std::nullopt;
  }
  std::string_view more = NextWord(&sql);
  if (!show.databases && http::EqualsIgnoringCase(more, "FROM")) {
    show.database = NextWord(&sql);
    more = NextWord(&sql);
  }
  if (!more.empty()) return std::nullopt;
  return show;
}

std::vector<TableListing> ListTables(const LakeSnapshot& snapshot, std::string_view database) {
  std::vector<TableListing> listings;
  for (const auto& [name, tables] : snapshot.databases) {
    if (!database.empty() && name != database) continue;
    for (const auto& [table_name, table] : tables) listings.push_back(Describe(*table));
  }
  return listings;
}

Result<std::unique_ptr<QueryStream>> OpenShow(const ShowStatement& show, const LakeSnapshot& snapshot,
                                              const std::string& database) {
  return show.databases ? Databases(snapshot) : Tables(snapshot, show.database.empty() ? database : show.database);
}

}  // namespace gigapi::arc
