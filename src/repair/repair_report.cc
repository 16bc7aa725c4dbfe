#include "base/json_writer.h"
#include "repair/repair_job.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

int64_t RowsOf(const std::vector<DataFilePtr>& files) {
  int64_t rows = 0;
  for (const DataFilePtr& file : files) rows += file->rows;
  return rows;
}

void WriteHour(const HourChange& hour, JsonWriter* json) {
  json->BeginObject().Key("path").String(PartitionPath(TablePath(hour.database, hour.table), hour.partition));
  json->Key("is_new").Bool(hour.is_new).Key("files").Integer(static_cast<int64_t>(hour.metadata.files.size()));
  json->Key("files_added").Integer(static_cast<int64_t>(hour.added.size()));
  json->Key("rows_added").Integer(RowsOf(hour.added)).EndObject();
}

void WriteMissing(const MissingFile& missing, JsonWriter* json) {
  json->BeginObject().Key("layer").String(missing.file->layer->name()).Key("path").String(missing.file->key);
  json->Key("rows").Integer(missing.file->rows).Key("size_bytes").Integer(missing.file->size_bytes);
  if (missing.found_bytes) json->Key("found_bytes").Integer(*missing.found_bytes);
  json->EndObject();
}

void WriteOrphan(const Orphan& orphan, JsonWriter* json) {
  json->BeginObject().Key("layer").String(orphan.layer->name()).Key("path").String(orphan.key);
  json->Key("kind").String(ToString(orphan.kind)).Key("rows").Integer(orphan.rows);
  json->Key("size_bytes").Integer(orphan.size_bytes).Key("written_ns").Integer(orphan.modified_ns);
  if (!orphan.problem.empty()) json->Key("problem").String(orphan.problem);
  json->EndObject();
}

}  // namespace

std::string EncodeRepairPlan(const RepairPlan& plan) {
  JsonWriter json;
  json.BeginObject().Key("listed_files").Integer(plan.listed_files).Key("listed_rows").Integer(plan.listed_rows);
  json.Key("guessed_files").Integer(plan.guessed_files).Key("tables").BeginArray();
  for (const TableChange& table : plan.tables) {
    json.BeginObject().Key("path").String(TablePath(table.database, table.table)).Key("is_new").Bool(table.is_new);
    json.Key("columns").Integer(static_cast<int64_t>(table.schema->size())).EndObject();
  }
  json.EndArray().Key("hours").BeginArray();
  for (const HourChange& hour : plan.hours) WriteHour(hour, &json);
  json.EndArray().Key("missing").BeginArray();
  for (const MissingFile& missing : plan.missing) WriteMissing(missing, &json);
  json.EndArray().Key("orphans").BeginArray();
  for (const Orphan& orphan : plan.orphans) WriteOrphan(orphan, &json);
  json.EndArray().Key("problems").BeginArray();
  for (const RepairProblem& problem : plan.problems) {
    json.BeginObject().Key("path").String(problem.path).Key("problem").String(problem.text).EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

}  // namespace gigapi
