// CSV as RFC 4180 and everyday files have it, record by record: quotes may hold delimiters, newlines and doubled quotes; a
// record ends with \n or \r\n; a byte order mark is passed over. Pure. One thread; the bytes must outlive the reader.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace gigapi {

struct CsvField {
  std::string_view text;  // without the quotes
  bool quoted = false;
};

class CsvReader {
 public:
  CsvReader(std::string_view body, char delimiter);

  /// The next record that is not an empty line; false at the end. The fields are valid until the next call.
  bool Next();

  const std::vector<CsvField>& fields() const { return fields_; }
  /// Where the record began, in lines counted from 1, and its text.
  int64_t line() const { return line_; }
  std::string_view text() const { return text_; }
  /// Why the record cannot be used; empty when it can.
  std::string_view error() const { return error_; }

 private:
  const char* ReadField(const char* p);
  const char* ReadQuoted(const char* p);

  const char* p_;
  const char* const end_;
  const char delimiter_;
  int64_t next_line_ = 1;

  std::vector<CsvField> fields_;
  bool has_quotes_ = false;            // the record
  std::deque<std::string> unescaped_;  // of the fields that have doubled quotes
  int64_t line_ = 0;
  std::string_view text_;
  std::string_view error_;
};

/// What follows the mark of UTF-8 that some programs begin a file with.
std::string_view WithoutByteOrderMark(std::string_view body);

/// The delimiter that the first line has most of, outside of quotes: comma, semicolon, tab or bar.
char SniffDelimiter(std::string_view body);

}  // namespace gigapi
