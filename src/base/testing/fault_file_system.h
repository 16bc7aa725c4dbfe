// A disk in memory that forgets what was not synced, fills up, and fails on demand. For tests of what must survive that.
//
// Like the worst disk that keeps its word: after a crash a file has what its last Sync covered and, of later writes, any
// subset of their 4096-byte blocks; a new, renamed or removed name counts only after SyncDirectory of its folder, and a
// folder only after its own parent's. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "base/file_system.h"

namespace gigapi {

class FaultFileSystem final : public FileSystem {
 public:
  explicit FaultFileSystem(uint64_t seed = 1) : random_(seed) {}

  /// The disk as it would be found after a crash at this instant.
  std::unique_ptr<FaultFileSystem> Crash();

  /// From now on adds to the list, before each operation that changes something, the disk as a crash at that instant would
  /// leave it; nullptr ends it.
  void CollectCrashes(std::vector<std::unique_ptr<FaultFileSystem>>* crashes);

  /// Each sync takes this long, whoever waits for it; for tests of what a slow disk does to others.
  void SetSyncDelay(std::chrono::milliseconds delay);

  /// Every write that needs room fails as on a full disk.
  void SetFull(bool full);
  /// The next `count` operations of a kind fail with an input/output error, after `skip` that succeed.
  enum class Operation {
    kWrite,
    kSync,
    kRename,
    kSyncDirectory,
    kCreate
  };
  void Fail(Operation operation, int count, int skip = 0);

  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<BlockFile>> OpenBlockFile(const std::string& path, uint64_t size) override;
  Result<std::shared_ptr<ReadableFile>> OpenForRead(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status CreateDirectories(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::optional<FileInfo>> GetInfo(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  friend class FaultFile;
  struct File {
    std::string content;
    std::string synced;
    int64_t modified_ns = 0;
  };
  struct Names {
    std::map<std::string, std::shared_ptr<File>> files;
    std::set<std::string> directories{"/"};
  };
  struct Fault {
    int skip = 0;
    int count = 0;
  };

  Status Meet(Operation operation, const std::string& path);
  void Note();
  std::unique_ptr<FaultFileSystem> CrashLocked();
  static std::string ParentOf(const std::string& path);

  mutable std::mutex mutex_;
  Names current_;
  Names durable_;
  std::map<Operation, Fault> faults_;
  bool full_ = false;
  std::atomic<int64_t> sync_delay_ms_{0};
  std::vector<std::unique_ptr<FaultFileSystem>>* crashes_ = nullptr;
  std::mt19937_64 random_;
};

}  // namespace gigapi
