#include "server/api/influx/bucket_routes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "model/names.h"
#include "server/api/influx/write_errors.h"
#include "server/content_encoding.h"
#include "server/error_table.h"
#include "server/lake_handler.h"

namespace gigapi::influx {
namespace {

using http::Request;

constexpr std::string_view kOrganizationId = "6769676170690001";
constexpr std::string_view kOrganizationName = "default";
/// InfluxDB's page when a client asks for none, and its largest.
constexpr size_t kPageDefault = 20, kPageMax = 100;
constexpr int64_t kBodyBytesMax = 1 << 20;

/// InfluxDB's ids are 16 hexadecimal digits. A bucket's is made of its name (FNV-1a), so that it needs no memory.
std::string BucketId(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash | 1);  // never all zeros, which InfluxDB takes for none
}

void WriteBucket(std::string_view name, JsonWriter* json) {
  json->BeginObject().Key("id").String(BucketId(name)).Key("orgID").String(kOrganizationId).Key("type").String("user");
  json->Key("name").String(name).Key("retentionRules").BeginArray().EndArray().Key("labels").BeginArray().EndArray();
  json->Key("links").BeginObject().Key("self").String("/api/v2/buckets/" + BucketId(name));
  json->Key("write").String(fmt::format("/api/v2/write?org={}&bucket={}", kOrganizationId, BucketId(name))).EndObject();
  json->EndObject();
}

http::Response BucketResponse(int status, std::string_view name) {
  JsonWriter json;
  WriteBucket(name, &json);
  return JsonResponse(status, json.Take() + "\n");
}

Result<size_t> ReadCount(const Request& request, std::string_view name, size_t absent, size_t min, size_t max) {
  const auto text = request.Query(name);
  if (!text || text->empty()) return absent;
  size_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc() || end != text->data() + text->size() || count < min || count > max) {
    return Errorf(ErrorKind::kInvalidArgument, "{} must be between {} and {}", name, min, max);
  }
  return count;
}

std::vector<std::string> DatabaseNames(Lake* lake) {
  std::vector<std::string> names;
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  for (const auto& [name, tables] : snapshot->databases) names.push_back(name);
  return names;
}

Result<http::Response> ListBuckets(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const size_t limit, ReadCount(request, "limit", kPageDefault, 1, kPageMax));
  ARROW_ASSIGN_OR_RAISE(const size_t offset, ReadCount(request, "offset", 0, 0, SIZE_MAX));
  const auto name = request.Query("name"), id = request.Query("id"), after = request.Query("after");
  std::vector<std::string> names = DatabaseNames(lake);
  if (after && !after->empty()) {
    const auto last = std::find_if(names.begin(), names.end(), [&](const auto& n) { return BucketId(n) == *after; });
    names.erase(names.begin(), last == names.end() ? last : last + 1);
  }
  if (name && !name->empty()) std::erase_if(names, [&](const auto& n) { return n != *name; });
  if (id && !id->empty()) std::erase_if(names, [&](const auto& n) { return BucketId(n) != *id; });
  const size_t begin = std::min(offset, names.size());
  const size_t end = begin + std::min(limit, names.size() - begin);
  const auto page_link = [&](size_t first) {
    return fmt::format("/api/v2/buckets?descending=false&limit={}&offset={}", limit, first);
  };
  JsonWriter json;
  json.BeginObject().Key("links").BeginObject().Key("self").String(page_link(offset));
  if (end < names.size()) json.Key("next").String(page_link(end));
  json.EndObject().Key("buckets").BeginArray();
  for (size_t i = begin; i < end; ++i) WriteBucket(names[i], &json);
  json.EndArray().EndObject();
  return JsonResponse(200, json.Take() + "\n");
}

Result<std::string> ReadBucketName(const Request& request) {
  ARROW_ASSIGN_OR_RAISE(const DecodedBody body,
                        DecodeContent(request.Header("Content-Encoding"), request.body, kBodyBytesMax));
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view name;
  if (parser.parse(body.bytes.data(), body.bytes.size()).get_object().get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "failed to decode request body");
  }
  if (object["name"].get_string().get(name) != simdjson::SUCCESS || name.empty()) {
    return Error(ErrorKind::kInvalidArgument, "bucket name is required");
  }
  return std::string(name);
}

Result<http::Response> CreateBucket(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, ReadBucketName(request));
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(name));
  if (lake->Snapshot()->databases.contains(name)) {
    http::Response response = RenderV2Failure(Errorf(ErrorKind::kConflict, "bucket with name {} already exists", name));
    response.status = 422;
    return response;
  }
  ARROW_RETURN_NOT_OK(lake->CreateDatabase(name));
  return BucketResponse(201, name);
}

Result<std::string> FindBucket(const Request& request, Lake* lake) {
  for (std::string& name : DatabaseNames(lake)) {
    if (BucketId(name) == request.PathParam("id")) return std::move(name);
  }
  return Error(ErrorKind::kNotFound, "bucket not found");
}

Result<http::Response> ShowBucket(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, FindBucket(request, lake));
  return BucketResponse(200, name);
}

Result<http::Response> DeleteBucket(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, FindBucket(request, lake));
  ARROW_RETURN_NOT_OK(lake->DropDatabase(name));
  return http::Response{204, {}, {}};
}

Result<http::Response> ListOrganizations(const Request& request, Lake*) {
  std::string name(request.Query("org").value_or(""));
  if (name.empty()) name = kOrganizationName;
  JsonWriter json;
  json.BeginObject().Key("links").BeginObject().Key("self").String("/api/v2/orgs").EndObject().Key("orgs").BeginArray();
  json.BeginObject().Key("id").String(kOrganizationId).Key("name").String(name).Key("status").String("active").EndObject();
  json.EndArray().EndObject();
  return JsonResponse(200, json.Take() + "\n");
}

}  // namespace

void AddBucketRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router) {
  const LakeRoutes routes(lake, pool, RenderV2Failure, router);
  routes.AddAtOnce("GET", "/api/v2/buckets", ListBuckets);
  routes.AddOnPool("POST", "/api/v2/buckets", CreateBucket);
  routes.AddAtOnce("GET", "/api/v2/buckets/{id}", ShowBucket);
  routes.AddOnPool("DELETE", "/api/v2/buckets/{id}", DeleteBucket);
  routes.AddAtOnce("GET", "/api/v2/orgs", ListOrganizations);
}

}  // namespace gigapi::influx
