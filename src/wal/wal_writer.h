// Appends records to the write-ahead log. Many threads append; one thread of the writer's own ("wal") writes what has
// gathered as a group, syncs once for all of it (group commit), and then calls each record's callback, in the order of
// the sequences.
//
// A write or sync that fails latches: what was in flight and every later record is refused (kUnavailable) until restart,
// since nobody knows what the disk holds. A segment that cannot be made (a full disk) only refuses the records that
// needed it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "base/pod_vector.h"
#include "wal/wal_reader.h"

namespace gigapi::wal {

struct WalOptions {
  std::string directory;
  uint64_t segment_bytes = 64 << 20;
  /// Whether a record is on disk, not only with the operating system, when its callback is called.
  bool sync = true;
  /// Segment files kept for reuse.
  size_t unused_segments_max = 4;
};

struct WalMetrics {
  int64_t records_total = 0;
  int64_t bytes_total = 0;
  int64_t syncs_total = 0;
  int64_t disk_bytes = 0;    // of all segment files
  int64_t needed_bytes = 0;  // of those that hold records still needed
  int64_t segments = 0;
  bool failed = false;
};

class WalWriter {
 public:
  /// Goes on after what ReadWal found; `next_sequence` is above every sequence that was ever committed.
  static Result<std::unique_ptr<WalWriter>> Open(FileSystem* fs, WalOptions options, WalContents contents,
                                                 uint64_t next_sequence);
  ~WalWriter();  // like Close

  /// Called on the writer's thread with the record's sequence once it is kept, or with why it is not.
  using Committed = std::function<void(Status, uint64_t sequence)>;
  /// Takes a record of 1 byte to 4 GB; a larger one is refused. Does not wait. The caller bounds what is in flight.
  void Append(PodVector<char> payload, Committed committed);

  /// No record up to `sequence` is needed any more: segments that hold only such are given free for reuse.
  void Release(uint64_t sequence);

  /// Writes what is queued and ends the thread. Append must not follow.
  void Close();

  /// After Close: when every record was released, a later start finds none. Sequences go on.
  Status LeaveNothing();

  WalMetrics metrics() const;

  /// No later start, whatever crash comes before it, reads a record below this sequence from the log. 0 until the first
  /// segment of this run has been started.
  uint64_t replay_floor() const;

  /// OK, or why every record is refused until restart.
  Status failure() const;

 private:
  struct Pending {
    PodVector<char> payload;
    uint32_t payload_crc;
    Committed committed;
    uint64_t sequence = 0;
    Status status;
  };
  class Segment;

  WalWriter(FileSystem* fs, WalOptions options, WalContents contents, uint64_t next_sequence);
  void Run();
  void WriteGroup(std::deque<Pending>* group);
  Status PlaceRecord(Pending* record);
  Status EnsureRoom(uint64_t bytes);
  Status StartSegment(uint64_t bytes);
  Status MakeSegment(SegmentFile info);
  Result<SegmentFile> TakeFile(uint64_t size_bytes);
  Status FlushSegment();
  Status Latch(const Status& status);

  FileSystem* const fs_;
  const WalOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Pending> queue_;
  bool closing_ = false;
  std::vector<SegmentFile> segments_;  // full ones, by id
  std::deque<SegmentFile> unused_;     // by id: older than all others
  uint64_t released_sequence_ = 0;
  uint64_t replay_floor_ = 0;
  uint64_t current_bytes_ = 0;  // size of the segment being written
  WalMetrics metrics_;

  std::atomic<bool> failed_{false};

  // The writer's thread only.
  std::unique_ptr<Segment> current_;
  bool group_begins_ = true;  // the next record is the first of its group
  uint64_t next_sequence_;
  uint64_t next_segment_id_;

  std::jthread thread_;
};

}  // namespace gigapi::wal
