// How a parser of line protocol knows a key again that the line before had in the same place.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "ingest/table_builder.h"

namespace gigapi {

/// A key as it stands in the line, with its '=', and its column.
class KeyShape {
 public:
  KeyShape(std::string_view text, ColumnBuilder* builder) : column(builder), text_(text) {
    std::memcpy(head_, text.data(), std::min(text.size(), sizeof(head_)));
    head_mask_ = text.size() >= 32 ? UINT32_MAX : (uint32_t{1} << text.size()) - 1;
  }
  /// Whether the bytes at p begin with the key.
  bool Matches(const char* p, const char* end) const {
#ifdef __AVX2__
    if (end - p >= 32 && text_.size() <= 32) {
      const __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
                                             _mm256_loadu_si256(reinterpret_cast<const __m256i*>(head_)));
      return (~static_cast<uint32_t>(_mm256_movemask_epi8(same)) & head_mask_) == 0;
    }
#endif
    return static_cast<size_t>(end - p) >= text_.size() && std::memcmp(p, text_.data(), text_.size()) == 0;
  }
  size_t size() const { return text_.size(); }

  ColumnBuilder* column;

 private:
  std::string text_;
  char head_[32] = {};
  uint32_t head_mask_;
};

}  // namespace gigapi
