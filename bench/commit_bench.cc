// What a flush and a merge commit cost in a table of few files and of many, with each kind of catalog.
//
//   commit_bench [ROUNDS [FILES...]]
//
// A round is two flushes of one row into one hour, and a merge of their files that writes none: its commit alone. The other
// hours have 20 files each. MinIO and Redis are started for it. CPU is this process's, all threads.
#include <fmt/core.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "catalog/guarded_catalog.h"
#include "catalog/json_catalog.h"
#include "catalog/store_catalog.h"
#include "lake/lake.h"
#include "object_store/redis/redis_store.h"
#include "object_store/testing/minio_server.h"
#include "object_store/testing/redis_server.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr int64_t kFilesOfAnHour = 20;
constexpr int64_t kFirstHour = 470'000;
constexpr int64_t kNewHour = 490'000;
constexpr size_t kFillThreads = 8;

/// Where a lake lies, and what has to live as long.
struct Place {
  std::string root;
  std::vector<LayerPtr> layers;
  std::shared_ptr<ObjectStore> shared_catalog;
  std::shared_ptr<ChangeFeed> feed;
  std::shared_ptr<MinioServer> minio;
  std::shared_ptr<RedisServer> redis;

  ~Place() { std::filesystem::remove_all(root); }
};

std::shared_ptr<Place> NewPlace() {
  auto place = std::make_shared<Place>();
  place->root = (std::filesystem::temp_directory_path() / ("commit-bench-" + NewUuid())).string();
  std::filesystem::create_directories(place->root);
  return place;
}

Result<std::shared_ptr<Place>> InAFolder() {
  auto place = NewPlace();
  place->layers = {MakeLocalLayer(LocalFileSystem(), place->root)};
  return place;
}

Result<std::shared_ptr<Place>> InABucket() {
  auto place = NewPlace();
  ARROW_ASSIGN_OR_RAISE(place->minio, MinioServer::Start(GIGAPI_SOURCE_DIR));
  ARROW_ASSIGN_OR_RAISE(place->shared_catalog, place->minio->MakeStore());
  place->layers = {
      std::make_shared<const Layer>(LayerOptions{.name = "s3", .is_global = true}, place->shared_catalog, nullptr)};
  return place;
}

Result<std::shared_ptr<Place>> InRedis() {
  auto place = NewPlace();
  ARROW_ASSIGN_OR_RAISE(place->redis, RedisServer::Start(RedisServer::Persistence::kEachWrite));
  ARROW_ASSIGN_OR_RAISE(place->shared_catalog, MakeRedisStore(place->redis->Url("bench"), {}));
  ARROW_ASSIGN_OR_RAISE(place->feed, MakeRedisFeed(place->redis->Url("bench"), {}));
  place->layers = {MakeLocalLayer(LocalFileSystem(), place->root, {.name = "disk", .is_global = true})};
  return place;
}

DataFilePtr MakeFile(const LayerPtr& layer, PartitionKey hour, const std::string& path, int64_t i) {
  auto file = std::make_shared<DataFile>();
  file->layer = layer;
  file->key = path + "/" + ParquetFileName(NewUuid(), 2);
  file->partition = hour;
  file->level = 2;
  file->size_bytes = 1'000'000;
  file->rows = 100'000;
  file->min_time = hour.begin_ns() + i * kNanosPerSecond;
  file->max_time = file->min_time + 1;
  file->columns = {{.name = "host", .type = ColumnType::kTag, .min = std::string("a"), .max = std::string("z")}};
  for (const char* name : {"f0", "f1", "f2", "f3", "f4"}) {
    file->columns.push_back({.name = name, .type = ColumnType::kFloat64, .min = 0.5, .max = 99.25});
  }
  return file;
}

TableSchema Schema() {
  std::vector<ColumnSchema> columns{{"host", ColumnType::kTag}};
  for (const char* name : {"f0", "f1", "f2", "f3", "f4"}) columns.push_back({name, ColumnType::kFloat64});
  return TableSchema(std::move(columns));
}

/// A catalog of so many files, none of which is there: nobody reads them.
Status Fill(const Place& place, int64_t files) {
  std::unique_ptr<Catalog> catalog;
  if (place.shared_catalog) {
    catalog = MakeGuardedCatalog(MakeStoreCatalog(place.shared_catalog, place.layers, "node", {}), place.shared_catalog,
                                 place.layers);
    ARROW_RETURN_NOT_OK(catalog->Load(DropList()).status());
  } else {
    catalog = std::make_unique<JsonCatalog>(LocalFileSystem(), place.root, place.layers);
  }
  ARROW_RETURN_NOT_OK(catalog->CreateDatabase("db"));
  ARROW_RETURN_NOT_OK(catalog->CommitTable(TablePath("db", "cpu"), "cpu", Schema()).status());
  const int64_t hours = (files + kFilesOfAnHour - 1) / kFilesOfAnHour;
  return ForEachConcurrently(static_cast<size_t>(hours), kFillThreads, "fill", [&](size_t h) -> Status {
    const PartitionKey hour{kFirstHour + static_cast<int64_t>(h)};
    const std::string path = PartitionPath(TablePath("db", "cpu"), hour);
    PartitionMetadata metadata{.table = "cpu", .files = {}};
    const int64_t count = std::min(kFilesOfAnHour, files - static_cast<int64_t>(h) * kFilesOfAnHour);
    for (int64_t i = 0; i < count; ++i) metadata.files.push_back(MakeFile(place.layers.front(), hour, path, i));
    if (!place.shared_catalog) {  // which looks whether they are there
      ARROW_RETURN_NOT_OK(LocalFileSystem()->CreateDirectories(place.root + "/" + path));
      for (const DataFilePtr& file : metadata.files) {
        ARROW_RETURN_NOT_OK(LocalFileSystem()->Create(place.root + "/" + file->key).status());
      }
    }
    return catalog->CommitPartition(path, metadata, "").status();
  });
}

WriteBatch OneRow(int64_t second) {
  WriteBatch batch;
  TableRows& rows = batch.tables.emplace_back();
  rows.table = "cpu";
  rows.rows.time.PushBack(kNewHour * kNanosPerHour + second * kNanosPerSecond);
  Column host{.name = "host", .type = ColumnType::kTag};
  host.strings.Append("a");
  host.codes.PushBack(0);
  rows.rows.columns.push_back(std::move(host));
  for (const char* name : {"f0", "f1", "f2", "f3", "f4"}) {
    Column field{.name = name, .type = ColumnType::kFloat64};
    field.words.PushBack(0);
    rows.rows.columns.push_back(std::move(field));
  }
  rows.rows.ComputeTimeRange();
  batch.accepted_rows = 1;
  return batch;
}

Status WriteAndWait(Lake* lake, WriteBatch batch) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Status> answer;
  lake->Write("db", std::move(batch), [&](Status status) {
    const std::lock_guard lock(mutex);
    answer = std::move(status);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answer.has_value(); });
  return *answer;
}

double CpuMs() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Figure {
  std::vector<double> wall_ms, cpu_ms;

  Status Measure(const std::function<Status()>& work) {
    const double cpu = CpuMs();
    const int64_t begun_ns = SteadyNanos();
    ARROW_RETURN_NOT_OK(work());
    wall_ms.push_back(static_cast<double>(SteadyNanos() - begun_ns) / 1e6);
    cpu_ms.push_back(CpuMs() - cpu);
    return Status::OK();
  }

  static double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  std::string Text() const { return fmt::format("{:.2f} / {:.2f}", Median(wall_ms), Median(cpu_ms)); }
};

Status Run(const std::string& name, const std::function<Result<std::shared_ptr<Place>>()>& make_place, int64_t files,
           int rounds) {
  ARROW_ASSIGN_OR_RAISE(const auto place, make_place());
  ARROW_RETURN_NOT_OK(Fill(*place, files));
  Figure open, flush, merge, snapshot;
  std::unique_ptr<Lake> lake;
  ARROW_RETURN_NOT_OK(open.Measure([&] {
    return Lake::Open({.root = place->root,
                       .layers = place->layers,
                       .shared_catalog = place->shared_catalog,
                       .catalog_feed = place->feed,
                       .flush_interval_ms = 3'600'000,
                       .drop_delay_ms = 3'600'000},
                      LocalFileSystem())
        .Value(&lake);
  }));
  const PartitionKey hour{kNewHour};
  PartitionFiles listed{.database = "db", .table = "cpu", .partition = hour, .path = {}, .files = {}};
  listed.path = PartitionPath(TablePath("db", "cpu"), hour);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 2; ++i) {
      ARROW_RETURN_NOT_OK(WriteAndWait(lake.get(), OneRow(2 * round + i)));
      ARROW_RETURN_NOT_OK(flush.Measure([&] { return lake->FlushAll(); }));
      ARROW_RETURN_NOT_OK(snapshot.Measure([&] {
        (void)lake->Snapshot();
        return Status::OK();
      }));
    }
    std::vector<DataFilePtr> inputs;
    const auto table = lake->Snapshot()->databases.at("db").at("cpu");
    for (const DataFilePtr& file : table->files) {
      if (file->partition == hour && file->level == 1) inputs.push_back(file);
    }
    DataFile output = *inputs.front();
    output.id = 0;
    output.level = 2;
    output.key = listed.path + "/" + ParquetFileName(NewUuid(), 2);
    ARROW_RETURN_NOT_OK(merge.Measure([&] { return lake->ReplaceFiles(listed, inputs, {output}); }));
  }
  fmt::print("{:8} {:7} files: open {:>15}  flush {:>13}  merge commit {:>13}  snapshot {:>13}   (median wall / CPU ms)\n",
             name, files, open.Text(), flush.Text(), merge.Text(), snapshot.Text());
  return lake->Close();
}

Status RunAll(int rounds, const std::vector<int64_t>& counts) {
  for (const auto& [name, make_place] :
       std::initializer_list<std::pair<const char*, std::function<Result<std::shared_ptr<Place>>()>>>{
           {"folder", InAFolder}, {"bucket", InABucket}, {"redis", InRedis}}) {
    for (const int64_t files : counts) ARROW_RETURN_NOT_OK(Run(name, make_place, files, rounds));
  }
  return Status::OK();
}

}  // namespace
}  // namespace gigapi

int main(int argc, char** argv) {
  gigapi::ConfigureLog("warn");
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  std::vector<int64_t> counts;
  for (int i = 2; i < argc; ++i) counts.push_back(std::atoll(argv[i]));
  if (counts.empty()) counts = {10, 100'000};
  const auto status = gigapi::RunAll(std::max(1, rounds), counts);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
