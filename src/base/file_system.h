// The few file operations that durability rests on: what WAL, flush and catalog call, and what a test replaces to make a
// disk that forgets, fills up or fails (base/testing/fault_file_system.h). Paths are local and absolute or relative to
// the working folder. Thread-safe, except that one file object is used by one thread at a time.
//
// Failures are arrow::Status IOError with the system's reason and the path; they are logged, never shown to a client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gigapi {

/// A file that is written from its start to its end.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  /// Until this returns OK nothing that was appended is promised to survive a crash.
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
};

/// A file of fixed size that is written block by block, for the WAL: writes bypass the page cache where they can.
class BlockFile {
 public:
  static constexpr size_t kBlockBytes = 4096;
  virtual ~BlockFile() = default;
  /// offset, the size and the address of `bytes` are multiples of kBlockBytes.
  virtual Status WriteAt(uint64_t offset, std::string_view bytes) = 0;
  virtual Status Sync() = 0;
  virtual uint64_t size() const = 0;
};

/// A file that is read at any offset, by any thread.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  /// Reads up to size bytes into out; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const = 0;
  virtual uint64_t size() const = 0;
};

struct FileInfo {
  bool is_directory = false;
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;  // wall time
};

/// Held as long as it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Creates the file, or empties it.
  virtual Result<std::unique_ptr<AppendFile>> Create(const std::string& path) = 0;
  /// Opens the file for writing in blocks; creates it and extends it to `size` bytes where it is shorter.
  virtual Result<std::unique_ptr<BlockFile>> OpenBlockFile(const std::string& path, uint64_t size) = 0;
  virtual Result<std::shared_ptr<ReadableFile>> OpenForRead(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// Not an error when there is no such file.
  virtual Status Remove(const std::string& path) = 0;
  virtual Status RemoveDirectory(const std::string& path) = 0;
  virtual Status CreateDirectories(const std::string& path) = 0;
  /// Makes renames, creations and removals inside the folder survive a crash.
  virtual Status SyncDirectory(const std::string& path) = 0;
  /// Names (not paths) in the folder, without . and .., in no order; empty when there is no such folder.
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;
  virtual Result<bool> Exists(const std::string& path) = 0;
  /// nullopt when there is no such file or folder.
  virtual Result<std::optional<FileInfo>> GetInfo(const std::string& path) = 0;
  /// Keeps other processes from locking the same path until the answer is destroyed or the process ends, however that
  /// happens. kUnavailable when another one holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

/// The machine's own file system. Never destroyed.
FileSystem* LocalFileSystem();

/// The whole file as a string; for small files.
Result<std::string> ReadWholeFile(FileSystem* fs, const std::string& path);

/// Makes a folder. Its name, and those of the folders above it up to `top`, or to the deepest that was there if that lies
/// higher, survive a crash.
Status MakeDirectories(FileSystem* fs, const std::string& directory, const std::string& top);

/// Replaces a file so that a reader, also after a crash, sees the old content or the new: writes `path`.bak, syncs it,
/// renames it over `path` and syncs the folder.
Status ReplaceFile(FileSystem* fs, const std::string& path, std::string_view content);

}  // namespace gigapi
