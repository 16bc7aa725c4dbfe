#include "server/api/influx/json_indenter.h"

namespace gigapi::influx {

std::string JsonIndenter::Indent(std::string_view json) {
  std::string out;
  out.reserve(json.size() * 2);
  for (const char c : json) {
    if (in_string_) {
      out += c;
      if (escaped_) escaped_ = false;
      else if (c == '\\') escaped_ = true;
      else if (c == '"') in_string_ = false;
      continue;
    }
    const bool closes = c == '}' || c == ']';
    if (closes) --depth_;
    if (opened_ != closes && (opened_ || closes)) NewLine(&out);
    opened_ = c == '{' || c == '[';
    if (opened_) ++depth_;
    in_string_ = c == '"';
    out += c;
    if (c == ',') NewLine(&out);
    if (c == ':') out += ' ';
  }
  return out;
}

}  // namespace gigapi::influx
