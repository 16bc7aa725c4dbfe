#include "ingest/delimiter_index.h"

#include <immintrin.h>

#include <algorithm>

namespace gigapi {
namespace {

constexpr size_t kBlockBytes = 64;
/// A block's positions are written eight at a time, so that their number costs few branches.
constexpr size_t kWriteAhead = 8;

bool IsDelimiter(char c) { return c == ',' || c == ' ' || c == '\n' || c == '"' || c == '\\'; }

#ifdef __AVX2__
uint32_t DelimitersOf32(const char* p) {
  // By its low four bits each byte is given the one delimiter that ends in them; the backslash ends as the comma does.
  const __m256i by_low_bits = _mm256_setr_epi8(' ', 0, '"', 0, 0, 0, 0, 0, 0, 0, '\n', 0, ',', 0, 0, 0,  //
                                               ' ', 0, '"', 0, 0, 0, 0, 0, 0, 0, '\n', 0, ',', 0, 0, 0);
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i hits = _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(by_low_bits, bytes), bytes),
                                       _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
  return static_cast<uint32_t>(_mm256_movemask_epi8(hits));
}

uint64_t DelimitersOf64(const char* p) { return DelimitersOf32(p) | uint64_t{DelimitersOf32(p + 32)} << 32; }
#else
uint64_t DelimitersOf64(const char* p) {
  uint64_t mask = 0;
  for (size_t i = 0; i < kBlockBytes; ++i) mask |= uint64_t{IsDelimiter(p[i])} << i;
  return mask;
}
#endif

/// Appends the position of every bit that is set.
uint32_t* AppendPositions(uint64_t mask, uint32_t base, uint32_t* out) {
  const int count = __builtin_popcountll(mask);
  for (int written = 0; written < count; written += kWriteAhead) {
    for (size_t i = 0; i < kWriteAhead; ++i) {
      // Past the last bit this writes what the next block overwrites.
      out[written + i] = base + static_cast<uint32_t>(_tzcnt_u64(mask));
      mask &= mask - 1;
    }
  }
  return out + count;
}

}  // namespace

DelimiterIndex::DelimiterIndex(std::string_view body) : body_(body.size() <= UINT32_MAX ? body : std::string_view()) {}

void DelimiterIndex::Index(size_t position) {
  if (!positions_) positions_.reset(new uint32_t[std::min(kWindowBytes, body_.size()) + kBlockBytes + kWriteAhead]);
  window_end_ = std::min(position + kWindowBytes, body_.size());
  uint32_t* out = positions_.get();
  for (; position + kBlockBytes <= window_end_; position += kBlockBytes) {
    out = AppendPositions(DelimitersOf64(body_.data() + position), static_cast<uint32_t>(position), out);
  }
  for (; position < window_end_; ++position) {
    if (IsDelimiter(body_[position])) *out++ = static_cast<uint32_t>(position);
  }
  next_ = positions_.get();
  end_ = out;
}

}  // namespace gigapi
