#include "server/api/influx/measurement_finder.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/sql_text.h"

namespace gigapi::influx {

Result<Tables> MeasurementFinder::FindDatabase() const {
  if (database_.empty()) return Error(ErrorKind::kInvalidArgument, "database name required");
  const LakeSnapshotPtr snapshot = lake_->Snapshot();
  const auto found = snapshot->databases.find(database_);
  if (found == snapshot->databases.end()) return Errorf(ErrorKind::kNotFound, "database not found: {}", database_);
  return found->second;
}

Result<std::vector<TableSnapshotPtr>> MeasurementFinder::FindSources(const std::vector<Source>& sources) {
  if (!sources.empty() && !sources[0].database.empty()) database_ = sources[0].database;
  ARROW_ASSIGN_OR_RAISE(const Tables tables, FindDatabase());
  std::set<std::string> names;
  if (sources.empty()) {
    for (const auto& [name, table] : tables) names.insert(name);
  }
  for (const Source& source : sources) {
    if (source.subquery != nullptr) continue;
    if (!source.database.empty() && source.database != database_) {
      return Error(ErrorKind::kUnsupported, "FROM with several databases is not supported");
    }
    if (!source.is_regex) {
      if (tables.contains(source.name)) names.insert(source.name);
      continue;
    }
    std::vector<std::string> all;
    for (const auto& [name, table] : tables) all.push_back(name);
    ARROW_ASSIGN_OR_RAISE(const auto matching, Matching(std::move(all), {NameMatch::Operator::kMatches, {source.name}}));
    names.insert(matching.begin(), matching.end());
  }
  std::vector<TableSnapshotPtr> found;
  for (const std::string& name : names) found.push_back(tables.at(name));
  return found;
}

Result<std::vector<std::string>> MeasurementFinder::Matching(std::vector<std::string> names, const NameMatch& match) const {
  using Operator = NameMatch::Operator;
  if (match.op == Operator::kMatches || match.op == Operator::kNotMatches) return MatchingRegex(names, match);
  std::erase_if(names, [&](const std::string& name) {
    const bool named = std::find(match.names.begin(), match.names.end(), name) != match.names.end();
    return named == (match.op == Operator::kNotEqual);
  });
  return names;
}

Result<std::vector<std::string>> MeasurementFinder::MatchingRegex(const std::vector<std::string>& names,
                                                                  const NameMatch& match) const {
  std::vector<std::string> texts, matching;
  for (const std::string& name : names) texts.push_back(SqlText(name));
  if (texts.empty()) return matching;
  const bool wanted = match.op == NameMatch::Operator::kMatches;
  const std::string sql =
      fmt::format("SELECT name FROM (SELECT unnest([{}]) AS name) WHERE {}regexp_matches(name, {}) ORDER BY name",
                  fmt::join(texts, ", "), wanted ? "" : "NOT ", SqlText(match.names[0]));
  ARROW_RETURN_NOT_OK(Select(
      sql, [&](const arrow::RecordBatch& batch, int64_t row) { matching.emplace_back(TextAt(*batch.column(0), row)); }));
  return matching;
}

Status MeasurementFinder::Select(std::string sql, const Visit& visit) const {
  QueryRequest request;
  request.sql = std::move(sql);
  request.database = database_;
  ARROW_ASSIGN_OR_RAISE(const auto stream, engine_->Execute(request, cancel_));
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
    if (batch == nullptr) return Status::OK();
    values_ += static_cast<size_t>(batch->num_rows());
    if (values_ > kValuesMax) return Errorf(ErrorKind::kTooLarge, "the answer has more than {} values", kValuesMax);
    for (int64_t row = 0; row < batch->num_rows(); ++row) visit(*batch, row);
  }
}

std::string_view TextAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(array).GetView(row);
    case arrow::Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray&>(array).GetView(row);
    case arrow::Type::STRING_VIEW: return static_cast<const arrow::StringViewArray&>(array).GetView(row);
    default: return {};
  }
}

}  // namespace gigapi::influx
