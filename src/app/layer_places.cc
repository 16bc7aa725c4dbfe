#include "app/layer_places.h"

#include <algorithm>
#include <filesystem>

namespace gigapi {
namespace {

std::string CleanPath(std::string_view path) {
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  return clean;
}

/// Whatever links and dots lead there; it need not exist.
std::string RealPath(const std::string& path) {
  std::error_code unknown;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), unknown);
  return CleanPath(unknown ? path : real.string());
}

bool IsRoot(const LayerSettings& layer, const Settings& settings) {
  const auto folder = FolderOfUrl(layer.url);
  return folder.ok() && RealPath(*folder) == RealPath(settings.root);
}

}  // namespace

bool IsFolder(const LayerSettings& layer) { return layer.type == "fs"; }

std::optional<StoreKind> KindOfType(std::string_view type) {
  constexpr std::pair<std::string_view, StoreKind> kTypes[] = {{"fs", StoreKind::kLocal},    {"s3", StoreKind::kS3},
                                                               {"gcs", StoreKind::kGcs},     {"gs", StoreKind::kGcs},
                                                               {"azure", StoreKind::kAzure}, {"abfs", StoreKind::kAzure}};
  for (const auto& [name, kind] : kTypes) {
    if (name == type) return kind;
  }
  return std::nullopt;
}

std::string TypeOfUrl(std::string_view url) {
  if (url.empty()) return {};
  const size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon);
  if (colon == std::string_view::npos || scheme == "file") return "fs";
  if (scheme == "gs") return "gcs";
  return scheme == "abfs" || scheme == "abfss" ? "azure" : std::string(scheme);
}

Result<std::string> FolderOfUrl(std::string_view url) {
  constexpr std::string_view kFile = "file://";
  if (!url.starts_with(kFile)) {
    if (url.empty() || url.find("://") != std::string_view::npos) {
      return Error(ErrorKind::kInvalidArgument, "is no folder; expected file:///folder or a path");
    }
    return CleanPath(url);
  }
  const std::string_view path = url.substr(kFile.size());
  if (!path.starts_with('/')) {
    return Error(ErrorKind::kInvalidArgument, "names a host; expected three slashes: file:///folder");
  }
  return CleanPath(path);
}

std::string PlaceOfLayer(const LayerSettings& layer) {
  if (IsFolder(layer)) {
    const auto folder = FolderOfUrl(layer.url);
    return folder.ok() ? RealPath(*folder) : std::string();
  }
  auto url = ParseStoreUrl(layer.url);
  if (!url.ok()) return {};
  if (url->kind == StoreKind::kS3 && url->host.ends_with(".amazonaws.com")) url->host = "amazonaws.com";
  url->url_style = S3UrlStyle::kPath;
  url->region = "any";
  return ToString(*url);
}

std::optional<size_t> SharedCatalogLayer(const Settings& settings) {
  const auto& layers = settings.layers;
  const auto find = [&](bool (*is_it)(const LayerSettings&)) -> std::optional<size_t> {
    const auto found = std::ranges::find_if(layers, is_it);
    return found == layers.end() ? std::nullopt : std::optional<size_t>(found - layers.begin());
  };
  if (const auto bucket = find([](const LayerSettings& layer) { return layer.global && !IsFolder(layer); })) return bucket;
  if (!layers.empty() && !IsFolder(layers.front())) return 0;
  const auto folder = find([](const LayerSettings& layer) { return layer.global; });
  if (folder && settings.mode == "aio" && IsRoot(layers[*folder], settings)) return std::nullopt;
  return folder;
}

}  // namespace gigapi
