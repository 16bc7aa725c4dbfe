// What settings must fulfil together, and what is understood but not built.
#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "app/layer_places.h"
#include "app/settings_loader.h"
#include "object_store/redis/redis_url.h"
#include "object_store/store_url.h"

namespace gigapi {
namespace {

/// Collects every reason, so that a user need not find them one start at a time.
class Reasons {
 public:
  explicit Reasons(const LoadedSettings& loaded) : loaded_(loaded) {}

  void Add(std::string_view key, std::string_view reason) {
    const auto origin = loaded_.origins.find(key);
    const std::string from = origin == loaded_.origins.end() ? "" : fmt::format(" ({})", origin->second);
    reasons_.push_back(fmt::format("{}{}: {}", key, from, reason));
  }

  Status ToStatus() const {
    if (reasons_.empty()) return Status::OK();
    return Errorf(ErrorKind::kUnsupported, "{}", fmt::join(reasons_, "\n"));
  }

 private:
  const LoadedSettings& loaded_;
  std::vector<std::string> reasons_;
};

void CheckProcess(const Settings& settings, Reasons* reasons) {
  if (!settings.enabled)
    reasons->Add("enabled", "a server that is not enabled has nothing to do; leave it out or set it to true");
  if (!settings.allow_save_to_hd) {
    reasons->Add("allow_save_to_hd", "keeping rows in memory only is not built; durability = \"none\" is the nearest");
  }
}

void CheckHttp(const Settings& settings, Reasons* reasons) {
  if (!settings.secret.empty()) {
    reasons->Add("secret",
                 "tokens are not built yet, and nothing would be guarded by it; use http_basic_auth_username and "
                 "http_basic_auth_password");
  }
  if (settings.http_basic_auth_username.empty() != settings.http_basic_auth_password.empty()) {
    const bool no_name = settings.http_basic_auth_username.empty();
    reasons->Add(no_name ? "http_basic_auth_password" : "http_basic_auth_username",
                 no_name ? "is set without http_basic_auth_username" : "is set without http_basic_auth_password");
  }
  if (settings.http_tls_cert.empty() != settings.http_tls_key.empty()) {
    reasons->Add(settings.http_tls_cert.empty() ? "http_tls_cert" : "http_tls_key",
                 "http_tls_cert and http_tls_key need each other");
  }
  if (settings.http_in_flight_bytes_max < settings.http_body_bytes_max) {
    reasons->Add("http_in_flight_bytes_max", "must not be less than http_body_bytes_max, or the largest body never fits");
  }
}

void CheckWriting(const Settings& settings, Reasons* reasons) {
  if (settings.flush_partition_bytes > settings.buffer_bytes_max) {
    reasons->Add("flush_partition_bytes", "must not be more than buffer_bytes_max");
  }
}

void CheckLayer(const LayerSettings& layer, size_t index, Reasons* reasons) {
  const auto key = [&](std::string_view name) { return fmt::format("layers.{}.{}", index, name); };
  const auto kind = KindOfType(layer.type);
  if (layer.type.empty() && layer.url.empty()) {
    return reasons->Add(key("url"), "is not set; layers are numbered from 0, without gaps");
  }
  if (!kind) return reasons->Add(key("type"), fmt::format("expected fs, s3, gcs or azure, not \"{}\"", layer.type));
  if (*kind == StoreKind::kLocal) {
    const auto folder = FolderOfUrl(layer.url);
    if (!folder.ok()) reasons->Add(key("url"), folder.status().message());
    if (!(layer.auth_key.empty() && layer.auth_secret.empty())) {
      reasons->Add(key(layer.auth_key.empty() ? "auth_secret" : "auth_key"), "a folder has no keys");
    }
    return;
  }
  const auto url = ParseStoreUrl(layer.url);
  if (!url.ok()) return reasons->Add(key("url"), url.status().message());
  if (url->kind != *kind) reasons->Add(key("url"), fmt::format("is not the address of a layer of type {}", layer.type));
}

/// What DuckDB reads as an amount of memory: 1GB, 512 MiB, 80%.
bool IsMemoryLimit(std::string_view text) {
  static const std::regex pattern(R"(\s*[0-9]+(\.[0-9]+)?\s*(%|[kmgt]?i?b?|bytes?))", std::regex::icase);
  return std::regex_match(text.begin(), text.end(), pattern);
}

void CheckQueries(const Settings& settings, Reasons* reasons) {
  if (!IsMemoryLimit(settings.duckdb_mem_limit)) {
    reasons->Add("duckdb_mem_limit",
                 fmt::format("expected an amount of memory as in 1GB, not \"{}\"", settings.duckdb_mem_limit));
  }
}

void CheckLayers(LoadedSettings* loaded, Reasons* reasons) {
  Settings& settings = loaded->settings;
  std::set<std::string> names;
  std::map<std::string, std::string> name_of_place;
  for (size_t i = 0; i < settings.layers.size(); ++i) {
    LayerSettings& layer = settings.layers[i];
    if (layer.name.empty()) layer.name = settings.layers.size() == 1 ? "default" : fmt::format("layer{}", i);
    if (!names.insert(layer.name).second) {
      reasons->Add(fmt::format("layers.{}.name", i), fmt::format("another layer is \"{}\" too", layer.name));
    }
    if (layer.type.empty()) layer.type = TypeOfUrl(layer.url);
    CheckLayer(layer, i, reasons);
    const std::string place = PlaceOfLayer(layer);
    const auto [other, is_new] = name_of_place.emplace(place, layer.name);
    if (!place.empty() && !is_new) {
      reasons->Add(fmt::format("layers.{}.url", i),
                   fmt::format("is the place of layer \"{}\" too: a file that moved from one to the other would be removed "
                               "from both. Give each a folder or prefix of its own",
                               other->second));
    }
    if (layer.ttl_s == 0 && i + 1 < settings.layers.size()) {
      const char* const what = IsFolder(layer) ? "files leave it only when its disk is nearly full" : "files never leave it";
      loaded->warnings.push_back(
          fmt::format("layers.{}.ttl is 0, but \"{}\" is not the last layer: {}", i, layer.name, what));
    }
  }
}

/// Several nodes need a catalog that all of them reach.
void CheckCluster(const Settings& settings, Reasons* reasons) {
  if (settings.lease_ms < 2 * settings.heartbeat_interval_ms) {
    reasons->Add("lease_ms", fmt::format("expected at least two heartbeats ({} ms): heartbeat_interval_ms is {}",
                                         2 * settings.heartbeat_interval_ms, settings.heartbeat_interval_ms));
  }
  if (settings.metadata_type == "redis") {
    const auto url = ParseRedisUrl(settings.metadata_url);
    if (!url.ok()) reasons->Add("metadata_url", url.status().message());
  } else if (settings.mode != "aio" && !SharedCatalogLayer(settings)) {
    reasons->Add(
        "mode", fmt::format("\"{}\" is for nodes that share a lake: set a layer of type s3, or one of type fs with global = "
                            "true in a folder that all of them reach, and metadata_type = redis unless the list of files "
                            "shall lie there",
                            settings.mode));
  }
}

/// The folder of a first layer is the data root where none is set. A root beside it has the log and what else is this node's
/// own.
void ApplyLayers(LoadedSettings* loaded, Reasons* reasons) {
  Settings& settings = loaded->settings;
  if (settings.layers.empty()) return;
  CheckLayers(loaded, reasons);
  const LayerSettings& layer = settings.layers[0];
  if (!IsFolder(layer) || loaded->origins.contains("root")) return;
  const auto folder = FolderOfUrl(layer.url);
  if (!folder.ok()) return;  // said already
  settings.root = *folder;
  loaded->origins["root"] = loaded->origins["layers.0.url"];
}

}  // namespace

Status ResolveSettings(LoadedSettings* loaded) {
  Reasons reasons(*loaded);
  CheckProcess(loaded->settings, &reasons);
  CheckHttp(loaded->settings, &reasons);
  CheckWriting(loaded->settings, &reasons);
  CheckQueries(loaded->settings, &reasons);
  ApplyLayers(loaded, &reasons);
  CheckCluster(loaded->settings, &reasons);
  if (loaded->settings.root.empty()) reasons.Add("root", "is empty");
  if (loaded->settings.metadata_type == "json" && !loaded->settings.metadata_url.empty()) {
    loaded->warnings.push_back("metadata_url has no effect: metadata_type is json");
  }
  return reasons.ToStatus();
}

}  // namespace gigapi
