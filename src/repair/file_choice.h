// Which of an hour's files to take so that every row is there once: an hour may hold a merged file beside its inputs, a file
// in two layers, or two attempts of one flush. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/file_provenance.h"

namespace gigapi {

struct FileCandidate {
  std::string name;  // in the hour's folder
  size_t layer = 0;  // position
  int level = 1;
  int64_t size_bytes = 0;
  int64_t rows = 0;
  int64_t min_time = 0;
  int64_t max_time = 0;
  const FileProvenance* provenance = nullptr;  // nullptr: none

  /// Whether its ranges say exactly which rows it has.
  bool is_exact() const { return provenance != nullptr && provenance->has_all_ranges && !provenance->logs.empty(); }
};

enum class FileChoice {
  kTaken,
  kReplaced,     // all its rows are in files that are taken
  kConflicting,  // some are
};

/// By candidate. Where there is a set that has every row of all of them once, it is that one; of several, merged files
/// before their inputs and later layers before earlier ones. Files whose ranges do not tell are taken, but for those that
/// another one names as replaced, and for copies.
std::vector<FileChoice> ChooseFiles(const std::vector<FileCandidate>& candidates);

/// How much of a file's rows a set of others has.
enum class Coverage {
  kNone,
  kSome,
  kAll,
};
Coverage CoverageOf(const FileProvenance& file, const std::map<std::string, LogRanges>& others);

}  // namespace gigapi
