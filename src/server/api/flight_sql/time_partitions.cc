#include "server/api/flight_sql/time_partitions.h"

#include <algorithm>

namespace gigapi::flight {
namespace {

/// Pieces that overlap become one, so that what is left lies one after another.
std::vector<TimedRows> MergeOverlapping(std::vector<TimedRows> pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const TimedRows& a, const TimedRows& b) { return a.min_ns < b.min_ns; });
  std::vector<TimedRows> merged;
  for (const TimedRows& piece : pieces) {
    if (piece.rows <= 0) continue;
    if (merged.empty() || piece.min_ns > merged.back().max_ns) {
      merged.push_back(piece);
      continue;
    }
    merged.back().max_ns = std::max(merged.back().max_ns, piece.max_ns);
    merged.back().rows += piece.rows;
  }
  return merged;
}

/// The time in the piece before which `rows` of its rows lie.
int64_t TimeAfter(const TimedRows& piece, int64_t rows) {
  using Wide = __int128;
  const Wide span = static_cast<Wide>(piece.max_ns) - piece.min_ns;
  return static_cast<int64_t>(piece.min_ns + span * rows / piece.rows);
}

}  // namespace

std::vector<TimedRows> TimesOf(const TableSnapshot& table) {
  std::vector<TimedRows> pieces;
  for (const auto& file : table.files) pieces.push_back({file->min_time, file->max_time, file->rows});
  for (const auto& part : table.memory) pieces.push_back({part->min_time, part->max_time, part->rows});
  return pieces;
}

std::vector<int64_t> SplitTimes(std::vector<TimedRows> pieces, int parts) {
  pieces = MergeOverlapping(std::move(pieces));
  int64_t total = 0;
  for (const TimedRows& piece : pieces) total += piece.rows;
  std::vector<int64_t> cuts;
  size_t at = 0;
  int64_t before = 0;  // rows of the pieces before `at`
  for (int part = 1; part < parts && total > 0; ++part) {
    const auto wanted = static_cast<int64_t>(static_cast<__int128>(total) * part / parts);
    while (at + 1 < pieces.size() && before + pieces[at].rows <= wanted) before += pieces[at++].rows;
    const int64_t cut = TimeAfter(pieces[at], wanted - before);
    // A cut at the very first time would leave nothing before it.
    if (cut > (cuts.empty() ? pieces.front().min_ns : cuts.back())) cuts.push_back(cut);
  }
  return cuts;
}

}  // namespace gigapi::flight
