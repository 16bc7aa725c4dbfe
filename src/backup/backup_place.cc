#include "backup/backup_place.h"

#include <filesystem>
#include <system_error>

#include "base/clock.h"
#include "base/path.h"
#include "catalog/catalog_marker.h"
#include "storage/place_mark.h"

namespace gigapi {
namespace {

constexpr char kManifests[] = "backups/";
constexpr std::string_view kManifestSuffix = ".json";
/// Of some two million files. What is read to memory as a whole is bounded, whatever the place says.
constexpr uint64_t kManifestBytesMax = uint64_t{4} << 30;
constexpr int64_t kUploadNanosMax = 24 * kNanosPerHour;

Status TooLarge(uint64_t size_bytes) {
  return Errorf(ErrorKind::kInvalidArgument, "the backup's manifest has {} bytes, more than {}", size_bytes,
                kManifestBytesMax);
}

Result<std::string> ReadObject(ObjectStore* store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const auto file, store->Open(key, std::nullopt));
  if (file->size() > kManifestBytesMax) return TooLarge(file->size());
  std::string content(file->size(), '\0');
  ARROW_ASSIGN_OR_RAISE(const size_t read, file->ReadAt(0, content.size(), content.data()));
  content.resize(read);
  return content;
}

StoreUrl BelowFiles(StoreUrl url) {
  if (url.kind == StoreKind::kLocal) url.path += "/files";
  else url.prefix += BackupKey("");
  return url;
}

}  // namespace

BackupPlace::BackupPlace(std::shared_ptr<ObjectStore> store)
    : store_(std::move(store)), layer_(std::make_shared<const Layer>(LayerOptions{.name = "backup"}, store_, nullptr)) {}

Result<BackupPlace> BackupPlace::Open(const std::string& url, const StoreCredentials& credentials) {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl parsed, ParseStoreUrl(url));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<ObjectStore> store, OpenStore(parsed, credentials, LocalFileSystem()));
  ARROW_RETURN_NOT_OK(store->Probe());
  BackupPlace place(std::move(store));
  if (parsed.kind == StoreKind::kLocal) {
    place.folder_ = parsed.path;
  } else {
    StoreUrl bucket = parsed;
    bucket.prefix.clear();
    place.prefix_ = parsed.prefix;
    ARROW_ASSIGN_OR_RAISE(place.bucket_, OpenStore(bucket, credentials, LocalFileSystem()));
  }
  ARROW_ASSIGN_OR_RAISE(place.files_, OpenStore(BelowFiles(parsed), credentials, LocalFileSystem()));
  return place;
}

Status BackupPlace::CheckIsNoPartOfALake() const {
  if (bucket_) return CheckBucket();
  return folder_.empty() ? Status::OK() : CheckFolder();
}

/// By the marks that a node leaves in each layer and beside a catalog.
Status BackupPlace::CheckBucket() const {
  for (size_t end = 0;; end = prefix_.find('/', end) + 1) {
    const std::string above = prefix_.substr(0, end);
    for (const std::string_view mark : {std::string_view(kPlaceMarkKey), kCatalogMarkerKey}) {
      // Keys that reach the place alone do not tell.
      if (!bucket_->Head(above + std::string(mark)).ok()) continue;
      return Errorf(ErrorKind::kInvalidArgument, "{} lies in a lake, which has {}{}: backups need a place of their own",
                    store_->Describe(), above, mark);
    }
    if (end == prefix_.size()) return Status::OK();
  }
}

Status BackupPlace::CheckFolder() const {
  std::error_code unknown;
  const std::filesystem::path real = std::filesystem::weakly_canonical(folder_, unknown);
  if (unknown) return Status::OK();
  for (std::filesystem::path above = real;; above = above.parent_path()) {
    for (const char* mark : {".gigapi/node", ".gigapi/catalog"}) {
      if (!std::filesystem::exists(above / mark, unknown)) continue;
      return Errorf(ErrorKind::kInvalidArgument, "{} lies in a lake, that at {}: backups need a place of their own", folder_,
                    above.string());
    }
    if (above == above.parent_path()) return Status::OK();
  }
}

Result<std::vector<std::string>> BackupPlace::List() const {
  std::vector<std::string> ids;
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(store_.get(), kManifests));
  for (const ObjectInfo& object : objects) {
    std::string name = NameOf(object.key);
    if (!name.ends_with(kManifestSuffix)) continue;
    name.resize(name.size() - kManifestSuffix.size());
    if (IsBackupId(name)) ids.push_back(std::move(name));
  }
  return ids;
}

Result<BackupManifest> BackupPlace::Read(const std::string& id) const {
  if (!IsBackupId(id)) return Errorf(ErrorKind::kInvalidArgument, "\"{}\" is no id of a backup", id);
  auto manifest = [&]() -> Result<BackupManifest> {
    ARROW_ASSIGN_OR_RAISE(const std::string json, ReadObject(store_.get(), ManifestKey(id)));
    return DecodeManifest(json, layer_);
  }();
  if (!manifest.ok()) return Errorf(KindOf(manifest.status()), "backup {}: {}", id, manifest.status().message());
  return manifest;
}

Result<BackupManifest> BackupPlace::ReadNewest() const {
  ARROW_ASSIGN_OR_RAISE(const auto ids, List());
  if (ids.empty()) return Errorf(ErrorKind::kNotFound, "there is no backup in {}", store_->Describe());
  return Read(ids.back());
}

Status BackupPlace::RemoveUnfinished() const {
  if (!files_) return Status::OK();
  return files_->RemoveUnfinished(WallNanos() - kUploadNanosMax).status();
}

Status BackupPlace::Write(const BackupManifest& manifest) const {
  // Its id is in the key, so nobody else writes it: it needs no condition.
  const std::string json = EncodeManifest(manifest);
  if (json.size() > kManifestBytesMax) return TooLarge(json.size());
  return PutObject(store_.get(), ManifestKey(manifest.id), json);
}

}  // namespace gigapi
