#include "server/testing/fake_lake.h"

namespace gigapi {

struct FakeLake::Schemata final : public SchemaSource {
  explicit Schemata(std::map<std::string, SchemaPtr> tables) : by_table(std::move(tables)) {}
  SchemaPtr FindSchema(std::string_view table) const override {
    const auto found = by_table.find(std::string(table));
    return found == by_table.end() ? nullptr : found->second;
  }
  const std::map<std::string, SchemaPtr> by_table;
};

Status FakeLake::CreateDatabase(std::string_view database) {
  std::lock_guard lock(mutex_);
  rows_[std::string(database)];
  return Status::OK();
}

Status FakeLake::DropTable(std::string_view database, std::string_view table) {
  std::lock_guard lock(mutex_);
  const auto tables = rows_.find(std::string(database));
  if (tables == rows_.end() || tables->second.erase(std::string(table)) == 0)
    return Error(ErrorKind::kNotFound, "not found");
  return Status::OK();
}

Status FakeLake::DropDatabase(std::string_view database) {
  std::lock_guard lock(mutex_);
  return rows_.erase(std::string(database)) > 0 ? Status::OK() : Error(ErrorKind::kNotFound, "not found");
}

std::shared_ptr<const SchemaSource> FakeLake::Schemas(std::string_view) {
  std::lock_guard lock(mutex_);
  return std::make_shared<Schemata>(schemas_);
}

Status FakeLake::CheckHealth() const {
  std::lock_guard lock(mutex_);
  return broken_;
}

void FakeLake::Write(std::string_view database, WriteBatch batch, WriteDone done) {
  Status status;
  {
    std::lock_guard lock(mutex_);
    if (!broken_.ok()) {
      status = broken_;
    } else if (!failures_.empty()) {
      status = failures_.front();
      failures_.erase(failures_.begin());
    } else {
      for (const TableRows& table : batch.tables) {
        rows_[std::string(database)][table.table] += static_cast<int64_t>(table.rows.rows());
      }
      last_ = std::move(batch);
      if (holding_) {
        held_.push_back(std::move(done));
        return;
      }
    }
  }
  done(std::move(status));
}

LakeMetrics FakeLake::metrics() const {
  LakeMetrics metrics;
  std::lock_guard lock(mutex_);
  for (const auto& [database, tables] : rows_) {
    for (const auto& [table, rows] : tables) {
      metrics.rows_written_total += rows;
      ++metrics.tables;
    }
  }
  return metrics;
}

LakeSnapshotPtr FakeLake::Snapshot() {
  auto snapshot = std::make_shared<LakeSnapshot>();
  std::lock_guard lock(mutex_);
  for (const auto& [database, tables] : rows_) snapshot->databases[database];
  return snapshot;
}

int64_t FakeLake::rows(const std::string& database, const std::string& table) const {
  std::lock_guard lock(mutex_);
  const auto tables = rows_.find(database);
  if (tables == rows_.end()) return 0;
  const auto found = tables->second.find(table);
  return found == tables->second.end() ? 0 : found->second;
}

WriteBatch FakeLake::TakeLastBatch() {
  std::lock_guard lock(mutex_);
  return std::move(last_);
}

void FakeLake::FailNext(Status status) {
  std::lock_guard lock(mutex_);
  failures_.push_back(std::move(status));
}

void FakeLake::Break(Status status) {
  std::lock_guard lock(mutex_);
  broken_ = std::move(status);
}

void FakeLake::Hold() {
  std::lock_guard lock(mutex_);
  holding_ = true;
}

void FakeLake::Release() {
  std::vector<WriteDone> held;
  {
    std::lock_guard lock(mutex_);
    holding_ = false;
    held.swap(held_);
  }
  for (WriteDone& done : held) done(Status::OK());
}

int64_t FakeLake::held() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(held_.size());
}

void FakeLake::SetSchema(const std::string& table, SchemaPtr schema) {
  std::lock_guard lock(mutex_);
  schemas_[table] = std::move(schema);
}

}  // namespace gigapi
