// A checkpoint of a shared catalog: its objects again, many in one, so that a start need not get each of them. Pure.
//
//   .gigapi/checkpoint/first              the objects before the first boundary
//   .gigapi/checkpoint/from/<boundary>    those from this key up to the next boundary
//
// It is a cache and nothing more: an object counts only while the catalog still has it with the version that the checkpoint
// knows, each part stands by itself, and a part that is old, damaged or missing costs requests alone.
//
// Where parts begin is told by the keys (IsBoundary), so a key that comes or goes changes the part that it lies in and no
// other one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/pod_vector.h"
#include "object_store/object_store.h"

namespace gigapi {

/// What all parts begin with; ends with a slash.
inline constexpr std::string_view kCheckpointPrefix = ".gigapi/checkpoint/";

struct CheckpointEntry {
  std::string key;
  std::string version;  // of this content
  std::string content;

  bool operator==(const CheckpointEntry&) const = default;
};

/// A part's entries where they lie: a start reads many, and keeps none of their texts.
struct UnpackedCheckpointPart {
  struct Entry {
    std::string_view key;
    std::string_view version;
    std::string_view content;
  };

  PodVector<char> bytes;
  std::vector<Entry> entries;  // in `bytes`, which may be moved
};

/// The objects from one boundary up to the next.
struct CheckpointRange {
  std::string begin;              // a key; empty: from the first of all
  std::vector<ObjectInfo> there;  // in the order of keys
};

/// The key of the part that begins with this key; empty: of the first part.
std::string CheckpointPartKey(const std::string& begin);
/// The key that a part begins with, empty for the first one; nullopt: the key is none of a part.
std::optional<std::string> ParseCheckpointPartKey(std::string_view key);

/// Cuts objects, in the order of keys, into the ranges that parts are to have: some hundred objects, and some MB.
std::vector<CheckpointRange> CutIntoParts(std::vector<ObjectInfo> objects);

/// `write_id` makes two parts of the same content differ.
std::string EncodeCheckpointPart(const std::vector<CheckpointEntry>& entries, std::string_view write_id);
/// kUnsupported when a newer version has written it; kInvalidArgument when it is damaged.
Result<UnpackedCheckpointPart> UnpackCheckpointPart(std::string_view part);
/// The same entries by themselves.
Result<std::vector<CheckpointEntry>> DecodeCheckpointPart(std::string_view part);

}  // namespace gigapi
