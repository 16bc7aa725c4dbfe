// A store of whole objects under keys: a folder of a local disk, a bucket of S3 and what speaks it, GCS, Azure. Layers,
// shared catalogs and backups stand on this.
//
// Objects are immutable: written once as a whole, read in ranges, removed. The exception are small ones that are replaced
// under a condition (a catalog): PutIfAbsent and PutIfVersion, of which concurrent callers, also of other nodes, see one
// succeed.
//
// Keys are paths of segments between slashes, without one at the start (CheckObjectKey says what else); no key may be
// another one and a slash and more, for on a disk that is a folder. A store may lie under a prefix of a bucket; keys are
// relative to it.
//
// What every store promises (testing/store_conformance.h checks it):
//  - Nothing of an object is visible before its Commit, and then all of it, to every reader at once.
//  - What Commit, PutIfAbsent and PutIfVersion have answered OK survives a crash of this machine.
//  - After a failure, or when the answer was lost, nothing of the object is visible or all of it is. Writing an immutable
//    object again under its key is harmless.
//  - A removal may be undone by a crash of this machine (local disk).
//
// Thread-safe; an ObjectWriter is used by one thread at a time. Every call may block for requests and their retries, which
// are bounded in number and time.
//
// Failures: kNotFound (no such object), kConflict (the condition does not hold), kForbidden (the credentials are refused),
// kUnavailable (out of reach, throttled or failing after all retries: try again later), kUnsupported, kInvalidArgument (a
// key that may not be; a bucket or an address that does not exist). A local disk fails with IOError as base/file_system.h
// does. No message has credentials in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file_system.h"

namespace gigapi {

struct ObjectInfo {
  std::string key;
  uint64_t size_bytes = 0;
  /// By the store's clock, wall time; on S3 to the second.
  int64_t modified_ns = 0;
  /// Opaque; another content has another version. S3: the ETag. Head has it always, List where it costs the store nothing,
  /// else empty.
  std::string version = {};
};

/// A small object as it was at one instant.
struct ObjectContent {
  std::string content;
  std::string version;
};

/// In the byte order of keys.
struct ObjectPage {
  std::vector<ObjectInfo> objects;
  /// What List is called with for the next page; empty: there is none.
  std::string next_start_after;
};

/// An object that is being written. Destroyed without Commit, or after a failed one, it leaves nothing that a reader or List
/// sees; what it may leave in the store otherwise, RemoveUnfinished takes away.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  /// The bytes are copied or sent before this returns. After a failure only destruction may follow.
  virtual Status Append(std::string_view bytes) = 0;
  /// Makes the object visible, in place of one that the key may have had, and durable. Called once, as the last. Its size
  /// has been compared, and in a bucket a checksum of what arrived.
  virtual Status Commit() = 0;
};

/// Counted since the start; requests that were retried count each time.
struct StoreMetrics {
  int64_t get_requests_total = 0;  // reads, Get and Head
  int64_t put_requests_total = 0;  // writes, parts of one, and what begins and ends them
  int64_t list_requests_total = 0;
  int64_t remove_requests_total = 0;
  int64_t retries_total = 0;
  int64_t failures_total = 0;  // requests without an answer, and those answered 429 or 5xx
  int64_t read_bytes_total = 0;
  int64_t written_bytes_total = 0;
};

class ObjectStore {
 public:
  /// Of an object that Get reads and the conditional puts write.
  static constexpr size_t kSmallObjectBytesMax = 64 << 20;

  virtual ~ObjectStore() = default;

  /// Where it is, for logs and errors: a URL without credentials.
  virtual std::string Describe() const = 0;

  /// OK when the store answers and the credentials may list it; else why not.
  virtual Status Probe() = 0;

  virtual Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) = 0;

  /// Opens an object for reads of ranges: one request a ReadAt. With a size (of the catalog) nothing is asked here, and an
  /// object that is not there fails in ReadAt; without, the store is asked for it.
  virtual Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) = 0;

  virtual Result<ObjectInfo> Head(const std::string& key) = 0;

  /// The whole of a small object; kTooLarge for another.
  virtual Result<ObjectContent> Get(const std::string& key) = 0;
  /// The same, or nullopt when it still has this version: cheap enough to ask often.
  virtual Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) = 0;

  /// Puts a small object if the key has none, or if what it has is of this version; answers the new version. kConflict:
  /// certainly not put, the condition did not hold. After any other failure it may have been put: Get tells. So that a put
  /// whose answer was lost can be told from another writer's, no two writers may put the same content.
  virtual Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) = 0;
  virtual Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) = 0;

  /// The first objects under a prefix (empty: all; else it ends with a slash) whose keys are greater than `start_after`: at
  /// most objects_max and 1,000, at least one when there is one.
  virtual Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) = 0;

  /// Not an error when there is no such object.
  virtual Status Remove(const std::string& key) = 0;

  /// Takes away what writers left that were begun before this wall time and neither committed nor cleaned up after
  /// themselves (a crash); answers how many. The time must be further back than any write takes.
  virtual Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) = 0;

  virtual StoreMetrics metrics() const = 0;
};

/// kInvalidArgument unless the key fits every store: 1 to 900 bytes; segments of 1 to 200 bytes, not "." or "..", without
/// control characters, backslashes and broken UTF-8; and it does not end with ".tmp" (files that are being written).
Status CheckObjectKey(std::string_view key);
/// The same for List: empty, or a key and a slash.
Status CheckObjectPrefix(std::string_view prefix);

/// Puts a whole object, replacing one that is there.
Status PutObject(ObjectStore* store, const std::string& key, std::string_view content);

/// Every object under a prefix; for tests and for prefixes with few.
Result<std::vector<ObjectInfo>> ListAll(ObjectStore* store, const std::string& prefix);

}  // namespace gigapi
