#include "ingest/csv_reader.h"

#include <algorithm>

namespace gigapi {

std::string_view WithoutByteOrderMark(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  return body;
}

CsvReader::CsvReader(std::string_view body, char delimiter)
    : p_(WithoutByteOrderMark(body).data()), end_(body.data() + body.size()), delimiter_(delimiter) {}

bool CsvReader::Next() {
  fields_.clear();
  unescaped_.clear();
  error_ = {};
  for (; p_ < end_ && (*p_ == '\n' || *p_ == '\r'); ++p_) next_line_ += *p_ == '\n' ? 1 : 0;
  if (p_ == end_) return false;
  const char* const begin = p_;
  line_ = next_line_;
  has_quotes_ = false;
  while (true) {
    p_ = ReadField(p_);
    if (p_ == end_ || *p_ == '\n') break;
    ++p_;  // the delimiter
    if (p_ == end_) {
      fields_.push_back({});
      break;
    }
  }
  text_ = {begin, static_cast<size_t>(p_ - begin)};
  if (p_ < end_) ++p_;
  if (text_.ends_with('\r')) text_.remove_suffix(1);
  // Only quotes hold newlines, other than the one that ends the record.
  next_line_ = line_ + (has_quotes_ ? std::count(begin, p_, '\n') : 1);
  return true;
}

/// Reads one field; the position of the delimiter or newline after it, or the end.
const char* CsvReader::ReadField(const char* p) {
  if (p < end_ && *p == '"') {
    has_quotes_ = true;
    return ReadQuoted(p + 1);
  }
  const char* const begin = p;
  while (p < end_ && *p != delimiter_ && *p != '\n') ++p;
  std::string_view text(begin, static_cast<size_t>(p - begin));
  if ((p == end_ || *p == '\n') && text.ends_with('\r')) text.remove_suffix(1);
  fields_.push_back({text, false});
  return p;
}

const char* CsvReader::ReadQuoted(const char* p) {
  const char* begin = p;
  std::string* joined = nullptr;
  while (true) {
    p = std::find(p, end_, '"');
    if (p == end_) {
      error_ = "unbalanced quotes";
      return end_;
    }
    if (p + 1 == end_ || p[1] != '"') break;
    if (joined == nullptr) joined = &unescaped_.emplace_back();
    joined->append(begin, p + 1);
    p += 2;
    begin = p;
  }
  if (joined != nullptr) joined->append(begin, p);
  fields_.push_back(
      {joined != nullptr ? std::string_view(*joined) : std::string_view(begin, static_cast<size_t>(p - begin)), true});
  ++p;
  if (p < end_ && *p == '\r' && (p + 1 == end_ || p[1] == '\n')) ++p;
  if (p < end_ && *p != delimiter_ && *p != '\n') {
    error_ = "something follows the closing quote";
    while (p < end_ && *p != delimiter_ && *p != '\n') ++p;
  }
  return p;
}

char SniffDelimiter(std::string_view body) {
  static constexpr std::string_view kDelimiters = ",;\t|";
  size_t counts[kDelimiters.size()] = {};
  bool quoted = false;
  for (const char c : body) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    if (const size_t i = kDelimiters.find(c); i != std::string_view::npos) ++counts[i];
  }
  return kDelimiters[static_cast<size_t>(std::max_element(std::begin(counts), std::end(counts)) - std::begin(counts))];
}

}  // namespace gigapi
