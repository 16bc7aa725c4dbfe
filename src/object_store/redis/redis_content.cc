#include "object_store/redis/redis_content.h"

#include <zstd.h>

#include <memory>

#include "object_store/object_store.h"

namespace gigapi {
namespace {

constexpr char kPlain = 0;
constexpr char kZstdDictionary1 = 1;
constexpr int kZstdLevel = 6;
constexpr size_t kCompressedBytesMin = 16;  // less is not worth it

// What was compressed with it can be read with exactly this text alone: a better one gets a number of its own. The more
// frequent a text, the nearer to the end.
constexpr std::string_view kDictionary1 =
    R"({"type":"table","partition_by":"hour","columns":[{"name":"host","type":"tag"},{"name":"value","type":"float64"}]})"
    R"(","max":"false","has_nan":true}]}]},{"name":"string","type":"string","null_count":0,"min":"","max":"true")"
    R"(},{"name":"bool","type":"bool","null_count":0,"min":"false","max":"true"})"
    R"(},{"name":"uint64","type":"uint64","null_count":0,"min":"0","max":"1")"
    R"({"type":"cpu","parquet_size_bytes":1,"row_count":1,"min_time":17,"max_time":17,"wal_sequence":0,"wal_sequences":{"a":1},)"
    R"("commit":"0-4-8-a-b","drop_queue":[{"layer":"hot","path":"0-4-8-a-b.1.parquet"}],"files":[)"
    R"({"id":1,"path":"0-4-8-a-b.2.parquet","size_bytes":1,"row_count":1,"chunk_time":17,"min_time":17,"max_time":17,)"
    R"("range":"1h","type":"compacted","level":2,"layer":"s3","min_sequence":1,"max_sequence":1,"columns":[)"
    R"(.1.parquet","size_bytes":1,"row_count":1,"chunk_time":17,"min_time":17,"max_time":17,)"
    R"("range":"1h","type":"raw","level":1,"layer":"default","node":"a","oldest_in_layer":17,"newest_in_layer":17,)"
    R"("min_sequence":1,"max_sequence":1,"columns":[{"name":")"
    R"({"name":"host","type":"tag","null_count":0,"min":"a","max":"z"},{"name":"region","type":"tag","null_count":0,"min":"a)"
    R"("},{"name":"count","type":"int64","null_count":0,"min":"0","max":"1)"
    R"("},{"name":"value","type":"float64","null_count":0,"min":"0","max":"1)"
    R"("},{"name":"usage_","type":"float64","null_count":0,"min":"0.)";

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

const ZSTD_CDict* CompressionDictionary() {
  static const ZSTD_CDict* const dictionary = ZSTD_createCDict(kDictionary1.data(), kDictionary1.size(), kZstdLevel);
  return dictionary;
}

const ZSTD_DDict* DecompressionDictionary() {
  static const ZSTD_DDict* const dictionary = ZSTD_createDDict(kDictionary1.data(), kDictionary1.size());
  return dictionary;
}

/// Empty when it cannot be compressed.
std::string Compress(std::string_view content) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  std::string compressed(1 + ZSTD_compressBound(content.size()), kZstdDictionary1);
  const size_t size = ZSTD_compress_usingCDict(context.get(), compressed.data() + 1, compressed.size() - 1, content.data(),
                                               content.size(), CompressionDictionary());
  compressed.resize(ZSTD_isError(size) != 0U ? 0 : 1 + size);
  return compressed;
}

}  // namespace

std::string PackContent(std::string_view content) {
  if (content.size() >= kCompressedBytesMin) {
    std::string compressed = Compress(content);
    if (!compressed.empty() && compressed.size() <= content.size()) return compressed;
  }
  return std::string(1, kPlain).append(content);
}

Result<std::string> UnpackContent(std::string_view packed, uint64_t size_bytes) {
  const auto damaged = [] { return Error(ErrorKind::kInternal, "the content of an object in Redis is damaged"); };
  if (packed.empty() || size_bytes > ObjectStore::kSmallObjectBytesMax) return damaged();
  const char packing = packed.front();
  packed.remove_prefix(1);
  if (packing == kPlain && packed.size() == size_bytes) return std::string(packed);
  if (packing != kZstdDictionary1) return damaged();
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  std::string content(size_bytes, '\0');
  const size_t size = ZSTD_decompress_usingDDict(context.get(), content.data(), content.size(), packed.data(), packed.size(),
                                                 DecompressionDictionary());
  if (ZSTD_isError(size) != 0U || size != content.size()) return damaged();
  return content;
}

}  // namespace gigapi
