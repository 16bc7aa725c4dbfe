// Puts JSON on lines with indents of four, as InfluxDB 1 answers with pretty=true. Pure; takes the text in pieces.
#pragma once

#include <string>
#include <string_view>

namespace gigapi::influx {

class JsonIndenter {
 public:
  /// The next piece of a well-formed text without white space outside of strings, but for line ends after documents.
  std::string Indent(std::string_view json);

 private:
  void NewLine(std::string* out) const { out->append("\n").append(4 * depth_, ' '); }

  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool opened_ = false;  // right after { or [
};

}  // namespace gigapi::influx
