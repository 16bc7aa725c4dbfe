// Where the delimiters of line protocol are, found for many bytes at a time: a parser that knows where each token ends
// need not find the end of one before it starts on the next, and the processor works on several at once.
//
// The idea is that of simdjson's first stage (arxiv.org/abs/1902.08318).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gigapi {

/// The positions of all commas, blanks, newlines, quotes and backslashes of a body, in order, a window of the body at a
/// time. Pure but for its own buffer; not thread-safe.
class DelimiterIndex {
 public:
  /// The body must outlive the index; positions are 32 bits wide: bodies of 4 GB and more have no delimiters at all.
  explicit DelimiterIndex(std::string_view body);

  /// Makes [begin(), end()) the delimiters from `position` on. They reach kAheadBytesMin far at least, or to the end of the
  /// body; the caller must not seek backwards.
  void SeekTo(size_t position) {
    if (position + kAheadBytesMin > window_end_ && window_end_ < body_.size()) Index(position);
    while (next_ < end_ && *next_ < position) ++next_;
  }
  /// The same for a position that was reached by following the delimiters: `next` is the first one after it.
  void MoveTo(const uint32_t* next) { next_ = next; }

  const uint32_t* begin() const { return next_; }
  const uint32_t* end() const { return end_; }

  static constexpr size_t kAheadBytesMin = 2 << 10;

 private:
  static constexpr size_t kWindowBytes = 32 << 10;

  void Index(size_t position);

  const std::string_view body_;
  std::unique_ptr<uint32_t[]> positions_;
  size_t window_end_ = 0;
  const uint32_t* next_ = nullptr;
  const uint32_t* end_ = nullptr;
};

}  // namespace gigapi
