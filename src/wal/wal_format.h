// The write-ahead log on disk (docs/wal_format.md has the picture).
//
// A log is a folder of segment files of a fixed size. Their names mean nothing: a segment is what its header says, so a
// file whose records are no longer needed is written over, which costs the disk far less than making a new one.
//
//   segment = header block, group*
//   group   = record+, zeros up to a multiple of 4096     written at once, then synced: what one sync covered
//   record  = RecordHeader, payload, zeros up to a multiple of 8
//
// A record's header checksum starts from the segment's id, so what an earlier use of the file left behind is never taken
// for a record. Sequences count from 1 without a gap, through all segments. All numbers are little-endian.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/crc32c.h"
#include "base/file_system.h"

namespace gigapi::wal {

constexpr uint64_t kSegmentMagic = 0x31'4c'41'57'41'47'49'47;  // "GIGAWAL1"
constexpr size_t kRecordAlignment = 8;

struct SegmentHeader {
  uint64_t magic = kSegmentMagic;
  uint64_t id = 0;              // never used twice
  uint64_t first_sequence = 0;  // of the first record that may follow
  /// Records up to this one were not needed any more when the segment was started: older segments that hold only such
  /// are leftovers, whether or not the disk still has them.
  uint64_t released_sequence = 0;
  uint32_t reserved = 0;
  uint32_t crc = 0;  // of all before it

  uint32_t ComputeCrc() const { return Crc32c({reinterpret_cast<const char*>(this), offsetof(SegmentHeader, crc)}); }
};
static_assert(sizeof(SegmentHeader) == 40);

struct RecordHeader {
  uint32_t header_crc = 0;  // of the other fields, seeded with the segment's id
  uint32_t payload_crc = 0;
  uint32_t payload_bytes = 0;  // at least 1
  /// 1: all records before this one were on the disk before it was written, so that it shows what is damaged among them.
  /// Of the first record of a group, where groups are synced.
  uint32_t after_sync = 0;
  uint64_t sequence = 0;

  uint32_t ComputeCrc(uint64_t segment_id) const {
    const uint32_t seed = Crc32c({reinterpret_cast<const char*>(&segment_id), sizeof(segment_id)});
    constexpr size_t skip = sizeof(header_crc);
    return Crc32c({reinterpret_cast<const char*>(this) + skip, sizeof(*this) - skip}, seed);
  }
};
static_assert(sizeof(RecordHeader) == 24);

constexpr uint64_t AlignUp(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }
constexpr uint64_t kBlockBytes = BlockFile::kBlockBytes;

/// The room that a record takes in a group.
constexpr uint64_t RecordBytes(uint64_t payload_bytes) {
  return AlignUp(sizeof(RecordHeader) + payload_bytes, kRecordAlignment);
}

}  // namespace gigapi::wal
