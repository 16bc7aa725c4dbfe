// What settings must fulfil together, and what is understood but not built.
#include <filesystem>
#include <regex>

#include "app/settings_loader.h"

namespace gigapi {
namespace {

std::string CleanPath(std::string_view path) {
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

/// The folder that file:///data or a path names.
Result<std::string> FolderOfUrl(std::string_view url) {
  constexpr std::string_view kFile = "file://";
  if (!url.starts_with(kFile)) {
    if (url.empty() || url.find("://") != std::string_view::npos) {
      return Errorf(ErrorKind::kInvalidArgument, "\"{}\" is no folder; expected file:///folder or a path", url);
    }
    return CleanPath(url);
  }
  const std::string_view path = url.substr(kFile.size());
  if (!path.starts_with('/')) {
    return Errorf(ErrorKind::kInvalidArgument, "\"{}\" names a host; expected three slashes: file:///folder", url);
  }
  return CleanPath(path);
}

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
  if (settings.mode != "aio") {
    reasons->Add("mode", fmt::format("\"{}\" is not built yet; this version runs as \"aio\", all in one", settings.mode));
  }
  if (!settings.allow_save_to_hd) {
    reasons->Add("allow_save_to_hd", "keeping rows in memory only is not built; durability = \"none\" is the nearest");
  }
  if (settings.metadata_type != "json") {
    reasons->Add("metadata_type", "redis is not built yet; this version keeps metadata as \"json\" beside the files");
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

void CheckLayer(const LayerSettings& layer, Reasons* reasons) {
  if (layer.type == "s3") {
    reasons->Add("layers.0.type", "s3 is not built yet; this version keeps data in a folder (\"fs\")");
  } else if (layer.type != "fs") {
    reasons->Add("layers.0.type", fmt::format("expected fs or s3, not \"{}\"", layer.type));
  }
  if (layer.ttl_s != 0) reasons->Add("layers.0.ttl", "dropping old files is not built yet; leave it out or set it to 0");
  if (layer.type == "fs" && !(layer.auth_key.empty() && layer.auth_secret.empty())) {
    reasons->Add(layer.auth_key.empty() ? "layers.0.auth_secret" : "layers.0.auth_key", "a folder has no keys");
  }
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

/// The one layer's folder is the data root.
void ApplyLayers(LoadedSettings* loaded, Reasons* reasons) {
  Settings& settings = loaded->settings;
  if (settings.layers.empty()) return;
  if (settings.layers.size() > 1) {
    reasons->Add("layers", fmt::format("{} layers are set; moving data between layers is not built yet, keep one",
                                       settings.layers.size()));
    return;
  }
  const LayerSettings& layer = settings.layers[0];
  CheckLayer(layer, reasons);
  if (layer.type != "fs") return;
  auto folder = FolderOfUrl(layer.url);
  if (!folder.ok()) return reasons->Add("layers.0.url", folder.status().message());
  if (loaded->origins.contains("root") && CleanPath(settings.root) != *folder) {
    return reasons->Add("layers.0.url", fmt::format("is {}, but root is {}: they name the same thing, set one of them",
                                                    *folder, settings.root));
  }
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
  if (loaded->settings.root.empty()) reasons.Add("root", "is empty");
  if (loaded->settings.metadata_type == "json" && !loaded->settings.metadata_url.empty()) {
    loaded->warnings.push_back("metadata_url has no effect: metadata_type is json");
  }
  return reasons.ToStatus();
}

}  // namespace gigapi
