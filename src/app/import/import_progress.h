// What the user of `gigapi import` sees: a bar, rows a second, the lines that were refused.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/progress_bar.h"
#include "base/error.h"
#include "model/write_batch.h"

namespace gigapi {

/// One thread.
class ImportProgress {
 public:
  /// `total` in whatever unit Advance counts. Rejects go to the file, unless its name is empty.
  static Result<std::unique_ptr<ImportProgress>> Begin(int64_t total, const std::string& rejects_path);
  ~ImportProgress();

  void Advance(int64_t done, int64_t rows);
  /// Lines of a source; `more` were refused beyond those that are told.
  void Reject(const std::string& source, const std::vector<RefusedLine>& lines, int64_t more);
  void Finish();

  int64_t rows() const { return rows_; }
  int64_t refused_rows() const { return refused_rows_; }

 private:
  ImportProgress(int64_t total, std::FILE* rejects);
  std::string Note() const;

  ProgressBar bar_;
  std::FILE* rejects_;
  int64_t start_ns_;
  int64_t rows_ = 0;
  int64_t refused_rows_ = 0;
  int shown_ = 0;
};

}  // namespace gigapi
