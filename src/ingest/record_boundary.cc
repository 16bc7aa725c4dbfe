#include "ingest/record_boundary.h"

#include <algorithm>
#include <cstring>

#include "ingest/csv_reader.h"

namespace gigapi {
namespace {

const char* Find(const char* p, const char* end, char c) {
  return static_cast<const char*>(p < end ? std::memchr(p, c, static_cast<size_t>(end - p)) : nullptr);
}

/// What line protocol passes over before a line.
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\0'; }

/// The space that ends measurement and tags, or `end`.
const char* EndOfKey(const char* p, const char* end) {
  for (; p < end && *p != ' '; ++p) {
    if (*p == '\\' && p + 1 < end && p[1] == ' ') ++p;
  }
  return std::min(p, end);
}

/// The newline that ends a line with quotes in it; nullptr when it is not there.
const char* EndOfQuotedLine(const char* line, const char* end) {
  const char* const first_newline = Find(line, end, '\n');
  bool quoted = false;
  for (const char* p = EndOfKey(line, first_newline); p < end; ++p) {
    if (quoted) {
      if (*p == '\\') ++p;
      else if (*p == '"') quoted = false;
      if (static_cast<size_t>(p - line) > kStringBytesMax) return first_newline;
    } else if (*p == '"') {
      quoted = p[-1] == '=';
    } else if (*p == '\n') {
      return p;
    }
  }
  return nullptr;
}

/// Steps over a JSON string, from behind its first quote to behind its last; nullptr when it does not end.
const char* EndOfJsonString(const char* p, const char* end) {
  while (true) {
    p = Find(p, end, '"');
    if (p == nullptr) return nullptr;
    const char* before = p;
    while (before[-1] == '\\') --before;
    ++p;
    if ((p - 1 - before) % 2 == 0) return p;
  }
}

/// Steps over a quoted field, from behind its first quote to behind its last; nullptr when it does not end.
const char* EndOfCsvQuotes(const char* p, const char* end) {
  while (true) {
    p = Find(p, end, '"');
    if (p == nullptr) return nullptr;
    if (++p == end || *p != '"') return p;
    ++p;  // a doubled quote is one of the text
  }
}

bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

size_t EndOfLines(std::string_view text) {
  const size_t newline = text.rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

size_t EndOfLineProtocol(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* line = text.data();
  while (const char* newline = Find(line, end, '\n')) {
    const char* const first = std::find_if_not(line, newline, IsBlank);
    const char* const quote = *first == '#' ? nullptr : Find(first, newline, '"');
    if (quote != nullptr) newline = EndOfQuotedLine(first, end);
    if (newline == nullptr) break;
    line = newline + 1;
  }
  return static_cast<size_t>(line - text.data());
}

size_t EndOfCsvRecords(std::string_view text, char delimiter) {
  if (text.find('"') == std::string_view::npos) return EndOfLines(text);
  const char* const end = text.data() + text.size();
  const char* record = text.data();
  bool at_field = true;
  for (const char* p = WithoutByteOrderMark(text).data(); p < end;) {
    if (*p == '"' && at_field) {
      p = EndOfCsvQuotes(p + 1, end);
      if (p == nullptr) break;
      at_field = false;
      continue;
    }
    at_field = *p == delimiter || *p == '\n';
    if (*p++ == '\n') record = p;
  }
  return static_cast<size_t>(record - text.data());
}

size_t EndOfJsonRows(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* p = std::find_if_not(text.data(), end, IsJsonSpace);
  if (p == end || *p != '[') return EndOfLines(text);
  size_t last = 0;
  int depth = 0;
  while (p < end) {
    const char c = *p++;
    if (c == '"') {
      p = EndOfJsonString(p, end);
      if (p == nullptr) break;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 1) {
      last = static_cast<size_t>(p - text.data());
    }
  }
  return last;
}

}  // namespace gigapi
