// A place that holds backups: a store with
//   backups/<id>.json        a manifest for each backup (manifest.h), written last: a backup without one does not exist
//   files/<db>/<table>/...   data files, immutable, shared by all backups of the place; keys as in a layer
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backup/manifest.h"
#include "object_store/object_store.h"
#include "object_store/open_store.h"

namespace gigapi {

class BackupPlace {
 public:
  explicit BackupPlace(std::shared_ptr<ObjectStore> store);
  /// Asks whether it answers.
  static Result<BackupPlace> Open(const std::string& url, const StoreCredentials& credentials);

  /// kInvalidArgument for what lies in a data root or in a layer, and would be taken for a part of the lake.
  Status CheckIsNoPartOfALake() const;
  /// The ids of all backups, the oldest first.
  Result<std::vector<std::string>> List() const;
  /// kNotFound when there is no such backup.
  Result<BackupManifest> Read(const std::string& id) const;
  /// kNotFound when there is no backup at all.
  Result<BackupManifest> ReadNewest() const;
  /// Makes the backup exist.
  Status Write(const BackupManifest& manifest) const;
  /// Takes away what uploads of files have left that were begun a day ago and never ended. Nothing in a place that was given
  /// as a store.
  Status RemoveUnfinished() const;

  ObjectStore* store() const { return store_.get(); }

 private:
  Status CheckFolder() const;
  Status CheckBucket() const;

  std::string folder_;                   // of a place on this machine that was opened by its address
  std::string prefix_;                   // of one in a bucket
  std::shared_ptr<ObjectStore> bucket_;  // all of that bucket; nullptr: a folder
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<ObjectStore> files_;  // the same place below files/: the rest of it may have uploads of other programs
  LayerPtr layer_;                      // what the files of manifests lie in
};

}  // namespace gigapi
