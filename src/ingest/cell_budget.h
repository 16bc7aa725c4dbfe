// What a body may unfold to: bodies of nils, or rows that each bring new columns, take far more memory as columns than as
// bytes. One body, one thread.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi {

/// Why a body is refused that unfolds to more than `values_max`.
inline std::string TooManyValues(int64_t values_max) {
  return fmt::format("more than {} values in one request; send it in parts", values_max);
}

/// Tables take memory before they have rows: so many values as much as one of them, beyond the first thousand.
inline constexpr int64_t kValuesPerTable = 256;

/// Whether a body that has named so many tables may name another.
inline bool MayAddTable(size_t tables, int64_t values_max) {
  return tables < static_cast<size_t>(1'000 + values_max / kValuesPerTable);
}

/// Why one may not.
inline constexpr std::string_view kTooManyTables = "too many tables in one request; send it in parts";

class CellBudget {
 public:
  explicit CellBudget(int64_t cells_max) : cells_max_(static_cast<size_t>(cells_max)) {}

  /// Claims room for a table of so many rows and columns, and the time, in place of what was claimed for it before
  /// (`*claimed`). False when that is more than all tables of the body may have; what was claimed before stays claimed.
  /// A row claims before it is committed: one that is committed cannot be refused any more.
  bool Claim(size_t rows, size_t columns, size_t* claimed) {
    const size_t cells = rows * (columns + 1);
    if (cells_ - *claimed + cells > cells_max_) return false;
    cells_ += cells - *claimed;
    *claimed = cells;
    return true;
  }

 private:
  const size_t cells_max_;
  size_t cells_ = 0;
};

}  // namespace gigapi
