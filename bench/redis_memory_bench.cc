// What a catalog of many files costs in Redis: starts a redis-server, puts the metadata of partitions as a lake writes it,
// says the memory that Redis uses.
//
//   redis_memory_bench [FILES [FILES_OF_A_PARTITION]]
#include <fmt/core.h>

#include <cstdlib>
#include <random>

#include "base/clock.h"
#include "base/uuid.h"
#include "catalog/partition_metadata.h"
#include "object_store/redis/redis_store.h"
#include "object_store/testing/redis_server.h"

namespace gigapi {
namespace {

constexpr int64_t kFirstHourNs = 491'000 * kNanosPerHour;

/// A file of 8 columns: three tags, a counter, four measurements.
DataFilePtr MakeFile(const LayerPtr& layer, int64_t hour_ns, std::mt19937_64* random) {
  const auto below = [&](uint64_t limit) { return static_cast<int64_t>((*random)() % limit); };
  auto file = std::make_shared<DataFile>();
  file->layer = layer;
  file->key = "production/cpu/date=2026-01-02/hour=03/" + NewUuid() + ".1.parquet";
  file->size_bytes = 1'000'000 + below(10'000'000);
  file->rows = 100'000 + below(1'000'000);
  file->min_time = hour_ns + below(kNanosPerHour / 2);
  file->max_time = file->min_time + below(kNanosPerHour / 2);
  file->created_ns = file->max_time + below(kNanosPerSecond * 10);
  file->oldest_in_layer_ns = file->created_ns + below(kNanosPerHour);
  file->newest_in_layer_ns = file->created_ns + below(kNanosPerHour);
  file->min_sequence = static_cast<uint64_t>(below(1'000'000'000));
  file->max_sequence = file->min_sequence + static_cast<uint64_t>(below(1'000));
  const auto host = [&] { return fmt::format("host_{}.eu-west-1.example.com", below(4'000)); };
  file->columns = {{.name = "host", .type = ColumnType::kTag, .min = host(), .max = host()},
                   {.name = "region", .type = ColumnType::kTag, .min = std::string("ap-1"), .max = std::string("us-2")},
                   {.name = "rack", .type = ColumnType::kTag, .min = std::string("1"), .max = std::to_string(below(100))},
                   {.name = "requests_total", .type = ColumnType::kInt64, .min = below(1'000), .max = below(1'000'000'000)}};
  for (const char* name : {"usage_user", "usage_system", "usage_idle", "temperature_celsius"}) {
    const auto value = [&] { return static_cast<double>(below(1'000'000'000)) / 1e7; };
    file->columns.push_back(
        {.name = name, .type = ColumnType::kFloat64, .null_count = below(100), .min = value(), .max = value()});
  }
  return file;
}

Result<int64_t> UsedBytes(RedisClient* client) {
  ARROW_ASSIGN_OR_RAISE(const RedisReply reply, client->Demand({"INFO", "memory"}));
  const std::string info(TextOf(*reply));
  const std::string name = "used_memory:";
  return std::atoll(info.c_str() + info.find(name) + name.size());
}

Status Run(int64_t files, int64_t files_of_a_partition) {
  ARROW_ASSIGN_OR_RAISE(const auto server, RedisServer::Start(RedisServer::Persistence::kNone));
  ARROW_ASSIGN_OR_RAISE(const auto client, RedisClient::Make(server->Url("bench"), {}, nullptr));
  ARROW_ASSIGN_OR_RAISE(const auto store, MakeRedisStore(server->Url("bench"), {}));
  ARROW_ASSIGN_OR_RAISE(const int64_t empty_bytes, UsedBytes(client.get()));
  std::mt19937_64 random(1);
  const auto layer = std::make_shared<Layer>(LayerOptions{.name = "cold"}, nullptr, nullptr);
  const std::string nodes[] = {"writer-1", "writer-2"};
  int64_t json_bytes = 0;
  const int64_t begun_ns = SteadyNanos();
  const int64_t partitions = files / files_of_a_partition;
  for (int64_t partition = 0; partition < partitions; ++partition) {
    PartitionMetadata metadata{.table = "cpu", .files = {}};
    for (const std::string& node : nodes) metadata.wal_sequences[node] = random() % 1'000'000'000;
    const int64_t hour_ns = kFirstHourNs + partition / 100 * kNanosPerHour;
    for (int64_t i = 0; i < files_of_a_partition; ++i) metadata.files.push_back(MakeFile(layer, hour_ns, &random));
    const std::string json = EncodePartitionMetadata(metadata, NewUuid());
    json_bytes += static_cast<int64_t>(json.size());
    const std::string key =
        fmt::format("production/table_{:02}/date=2026-{:02}-{:02}/hour={:02}/metadata.{}.json", partition % 100,
                    partition / 72'000 % 12 + 1, partition / 2'400 % 30 + 1, partition / 100 % 24, partition);
    ARROW_RETURN_NOT_OK(store->PutIfAbsent(key, json).status());
  }
  const double seconds = static_cast<double>(SteadyNanos() - begun_ns) / 1e9;
  ARROW_ASSIGN_OR_RAISE(const int64_t used_bytes, UsedBytes(client.get()));
  const double a_file =
      static_cast<double>(used_bytes - empty_bytes) / static_cast<double>(partitions * files_of_a_partition);
  fmt::print(
      "{} files in {} partitions: {} bytes of JSON a file, {:.0f} bytes of Redis's memory a file, {:.0f} puts a second\n",
      partitions * files_of_a_partition, partitions, json_bytes / (partitions * files_of_a_partition), a_file,
      static_cast<double>(partitions) / seconds);
  return Status::OK();
}

}  // namespace
}  // namespace gigapi

int main(int argc, char** argv) {
  const int64_t files = argc > 1 ? std::atoll(argv[1]) : 100'000;
  const int64_t files_of_a_partition = argc > 2 ? std::atoll(argv[2]) : 10;
  if (files < files_of_a_partition || files_of_a_partition < 1) return 1;
  const auto status = gigapi::Run(files, files_of_a_partition);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
