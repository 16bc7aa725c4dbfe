#include "server/write_parameters.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gigapi {
namespace {

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

Result<char> ReadDelimiter(std::string_view text) {
  if (text.empty()) return 0;
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    return Errorf(ErrorKind::kInvalidArgument, "delimiter must be one character, or tab");
  }
  return text[0];
}

}  // namespace

Status ReadFormatParameters(const http::Request& request, WriteParameters* parameters) {
  if (const auto precision = request.Query("precision"); precision && !precision->empty()) {
    ARROW_ASSIGN_OR_RAISE(parameters->precision, ParsePrecision(*precision));
  }
  if (const auto format = request.Query("format"); format && !format->empty()) {
    ARROW_ASSIGN_OR_RAISE(parameters->media_type, MediaTypeOfFormat(*format));
  }
  parameters->table = request.Query("table").value_or(request.Query("measurement").value_or(""));
  parameters->time_column = request.Query("time_column").value_or("");
  parameters->types = request.Query("types").value_or("");
  ARROW_ASSIGN_OR_RAISE(parameters->delimiter, ReadDelimiter(request.Query("delimiter").value_or("")));
  parameters->tags = SplitNames(request.Query("tags").value_or(""));
  return Status::OK();
}

}  // namespace gigapi
