// Reads a write-ahead log from its start: what recovery does. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"

namespace gigapi::wal {

/// A segment file, as the reader found it or the writer keeps it.
struct SegmentFile {
  std::string path;
  uint64_t size_bytes = 0;
  uint64_t id = 0;  // 0: holds no records that count
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;  // first_sequence - 1 when it has no record
  uint64_t released_sequence = 0;
};

struct WalContents {
  std::vector<SegmentFile> segments;  // by id
  std::vector<SegmentFile> unused;    // files to write over
  uint64_t last_sequence = 0;         // 0: no record
  uint64_t last_segment_id = 0;
};

/// Gets every record in the order of its sequence. The payload is valid during the call.
using RecordVisitor = std::function<Status(uint64_t sequence, std::string_view payload)>;
/// Told now and then how far the reader is.
using ReplayProgress = std::function<void(uint64_t bytes_done, uint64_t bytes_total)>;

/// Visits all records. A record that is cut off or damaged ends its segment: at the end of the log that is what a crash
/// leaves, and was never acknowledged. When a later segment does not go on where an earlier one ended, or a later group of
/// the newest one shows that there was more, acknowledged records are missing: an error, and nothing is repaired in silence.
Result<WalContents> ReadWal(FileSystem* fs, const std::string& directory, const RecordVisitor& visit,
                            const ReplayProgress& progress);

/// The first record that the log has, or will have next: every earlier one was released. nullopt: there is no log. Reads no
/// more than the segments' headers.
Result<std::optional<uint64_t>> FirstSequence(FileSystem* fs, const std::string& directory);

}  // namespace gigapi::wal
