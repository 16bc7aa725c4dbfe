#include "repair/file_choice.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace gigapi {
namespace {

/// More than this means that no exact set is near: the lake never makes such files.
constexpr int kStepsMax = 200'000;

/// The candidates' ranges cut into pieces of which each file has all or nothing.
class ExactCover {
 public:
  /// `order`: the exact candidates, those to be preferred first.
  ExactCover(const std::vector<FileCandidate>& candidates, std::vector<size_t> order) : order_(std::move(order)) {
    std::map<std::string, std::set<uint64_t>> cuts;
    for (const size_t i : order_) {
      for (const auto& [log, ranges] : candidates[i].provenance->logs) {
        for (const LogRange range : ranges) cuts[log].insert({range.after, range.up_to});
      }
    }
    std::map<std::pair<std::string, uint64_t>, size_t> pieces;  // by log and where it begins
    pieces_.resize(candidates.size());
    for (const size_t i : order_) {
      for (const auto& [log, ranges] : candidates[i].provenance->logs) {
        for (const LogRange range : ranges) {
          const auto end = cuts[log].find(range.up_to);
          for (auto cut = cuts[log].find(range.after); cut != end; ++cut) {
            const size_t piece = pieces.try_emplace({log, *cut}, pieces.size()).first->second;
            if (piece == having_.size()) having_.emplace_back();
            having_[piece].push_back(i);
            pieces_[i].push_back(piece);
          }
        }
      }
    }
    is_covered_.resize(having_.size());
    // Pieces that few files have leave the least choice.
    by_choice_.resize(having_.size());
    std::iota(by_choice_.begin(), by_choice_.end(), size_t{0});
    std::ranges::stable_sort(by_choice_, {}, [this](size_t piece) { return having_[piece].size(); });
  }

  /// Marks what is taken and what is not.
  void Choose(std::vector<FileChoice>* choices) {
    std::vector<size_t> taken;
    if (!Cover(&taken)) {
      std::fill(is_covered_.begin(), is_covered_.end(), false);
      taken.clear();
      for (const size_t i : order_) {
        if (IsFree(i)) Take(i, &taken);
      }
    }
    for (const size_t i : order_) {
      const bool all = std::ranges::all_of(pieces_[i], [this](size_t piece) { return bool{is_covered_[piece]}; });
      (*choices)[i] = all ? FileChoice::kReplaced : FileChoice::kConflicting;
    }
    for (const size_t i : taken) (*choices)[i] = FileChoice::kTaken;
  }

 private:
  struct Step {
    size_t piece;     // in by_choice_
    size_t next = 0;  // the next of its files to try
    bool has_taken = false;
  };

  bool IsFree(size_t file) const {
    return std::ranges::none_of(pieces_[file], [this](size_t piece) { return bool{is_covered_[piece]}; });
  }
  void Take(size_t file, std::vector<size_t>* taken) {
    for (const size_t piece : pieces_[file]) is_covered_[piece] = true;
    taken->push_back(file);
  }
  void GiveBack(std::vector<size_t>* taken) {
    for (const size_t piece : pieces_[taken->back()]) is_covered_[piece] = false;
    taken->pop_back();
  }

  /// Goes from piece to piece; where none of its files fits, back to the one before.
  bool Cover(std::vector<size_t>* taken) {
    std::vector<Step> steps;
    int steps_left = kStepsMax;
    for (size_t at = NextUncovered(0); at < by_choice_.size();) {
      if (steps.empty() || steps.back().piece != at) steps.push_back({at});
      Step& step = steps.back();
      const std::vector<size_t>& files = having_[by_choice_[at]];
      if (std::exchange(step.has_taken, false)) GiveBack(taken);
      while (step.next < files.size() && !IsFree(files[step.next])) ++step.next;
      if (--steps_left == 0) return false;
      if (step.next < files.size()) {
        Take(files[step.next++], taken);
        step.has_taken = true;
        at = NextUncovered(at + 1);
        continue;
      }
      steps.pop_back();
      if (steps.empty()) return false;
      at = steps.back().piece;
    }
    return true;
  }
  size_t NextUncovered(size_t from) const {
    while (from < by_choice_.size() && is_covered_[by_choice_[from]]) ++from;
    return from;
  }

  const std::vector<size_t> order_;
  std::vector<std::vector<size_t>> pieces_;  // by candidate
  std::vector<std::vector<size_t>> having_;  // by piece: the candidates, the preferred first
  std::vector<size_t> by_choice_;            // pieces
  std::vector<bool> is_covered_;             // by piece
};

/// Of files that do not say their rows exactly: names, and copies.
void ChooseInexact(const std::vector<FileCandidate>& candidates, std::vector<FileChoice>* choices) {
  std::set<std::string_view> replaced;
  for (const FileCandidate& candidate : candidates) {
    if (candidate.provenance == nullptr || candidate.is_exact()) continue;
    replaced.insert(candidate.provenance->replaced.begin(), candidate.provenance->replaced.end());
  }
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t>, size_t> last_copy;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const FileCandidate& candidate = candidates[i];
    if (replaced.contains(candidate.name)) (*choices)[i] = FileChoice::kReplaced;
    if (candidate.is_exact() || (*choices)[i] == FileChoice::kReplaced) continue;
    const auto content = std::make_tuple(candidate.size_bytes, candidate.rows, candidate.min_time, candidate.max_time);
    const auto [found, is_first] = last_copy.try_emplace(content, i);
    if (is_first || candidates[found->second].layer == candidate.layer) continue;
    const bool is_later = candidates[found->second].layer < candidate.layer;
    (*choices)[is_later ? found->second : i] = FileChoice::kReplaced;
    if (is_later) found->second = i;
  }
}

}  // namespace

std::vector<FileChoice> ChooseFiles(const std::vector<FileCandidate>& candidates) {
  std::vector<FileChoice> choices(candidates.size(), FileChoice::kTaken);
  ChooseInexact(candidates, &choices);
  std::vector<size_t> order;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].is_exact() && choices[i] == FileChoice::kTaken) order.push_back(i);
  }
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) {
    const FileCandidate& candidate = candidates[i];
    return std::make_tuple(candidate.level, candidate.layer, candidate.provenance->created_ns);
  });
  ExactCover(candidates, std::move(order)).Choose(&choices);
  return choices;
}

Coverage CoverageOf(const FileProvenance& file, const std::map<std::string, LogRanges>& others) {
  bool has_any = false, lacks_any = false;
  for (const auto& [log, ranges] : file.logs) {
    const auto found = others.find(log);
    for (const LogRange range : ranges) {
      bool overlaps = false, contains = false;
      if (found != others.end()) {
        for (const LogRange other : found->second) {
          overlaps |= other.after < range.up_to && range.after < other.up_to;
          contains |= other.after <= range.after && range.up_to <= other.up_to;
        }
      }
      has_any |= overlaps;
      lacks_any |= !contains;
    }
  }
  if (!has_any) return Coverage::kNone;
  return lacks_any ? Coverage::kSome : Coverage::kAll;
}

}  // namespace gigapi
