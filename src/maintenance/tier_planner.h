// Which files to move to the next layer, to merge before that, or to drop, now. Pure: no disk, no clock, no threads.
//
// A file's age counts from when its rows came into its present layer, as in GigAPI, and not from the times of the rows:
// rows of last year that are imported today stay as long as those of today. A flush makes a file of age 0 and so does a
// move. A merge makes no file younger: the result keeps the oldest and the newest arrival of its inputs.
//
// - A file moves when its oldest rows have reached the layer's TTL, or else an hour that is merged again and again would
//   never move. Younger rows of the same file then move early, which loses nothing.
// - A file is dropped when its newest rows have reached the last layer's TTL, for that cannot be undone.
// - Small files of one partition are merged before they move when one of them is due and the others are about to be,
//   within a slack of a quarter of the TTL and at most TierPlannerOptions::slack_ns_max. A file that is overdue by more
//   than the slack moves as it is: a merge that fails, or does not come, holds up nothing.
// - A local layer with less free space than wanted gives its oldest files away early, unmerged. A full local layer takes
//   none: what should go there goes to the one behind it. Where there is none, files stay; space never makes one drop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gigapi {

struct TierLayer {
  std::string name;
  int64_t ttl_ns = 0;  // 0 or less: for ever
  /// Of a local layer only: others have room without end.
  bool is_local = false;
  int64_t free_bytes = 0;     // of the disk
  int64_t waiting_bytes = 0;  // of replaced files, which will be free: no room yet, but nothing else need leave for it
  int64_t wanted_free_bytes = 0;
};

/// What a disk of `total_bytes` shall keep free: the larger of the two.
int64_t WantedFreeBytes(int64_t total_bytes, int64_t bytes_min, double percent_min);

/// A file that nobody merges or moves just now.
struct TierFile {
  size_t index = 0;      // the caller's, unique
  size_t partition = 0;  // the caller's number of the table's hour
  size_t layer = 0;      // where it is: a place in the list of layers
  int64_t size_bytes = 0;
  int64_t oldest_ns = 0;  // wall time at which the first of its rows came into its layer
  int64_t newest_ns = 0;  // and the last; not before oldest_ns
  int level = 1;
  bool is_hour_over = false;
};

struct TierMove {
  size_t file = 0;   // TierFile::index
  size_t layer = 0;  // where it shall be; always behind the one where it is
};

struct TierMerge {
  std::vector<size_t> files;  // TierFile::index, the oldest first; of one partition and one layer
  int output_level = 2;
};

/// No file is in it twice.
struct TierPlan {
  std::vector<TierMerge> merges;
  std::vector<TierMove> moves;  // those from the last layers first, from each layer the oldest file first
  std::vector<size_t> drops;    // TierFile::index
};

struct TierPlannerOptions {
  int64_t slack_ns_max = 600'000'000'000;
  int64_t merge_file_bytes_max = 64 << 20;  // of one input: a larger one is worth its own requests
  int64_t merge_bytes_max = 400 << 20;      // of all inputs of one merge
  size_t merge_files_max = 16;              // less than 2: never merge
  int level_max = 4;                        // files of this level only are not merged again
};

/// `layers` in their order, `files` of all partitions and layers that this node looks after, `now_ns` wall time.
TierPlan PlanTiers(const std::vector<TierLayer>& layers, const std::vector<TierFile>& files, int64_t now_ns,
                   const TierPlannerOptions& options);

}  // namespace gigapi
