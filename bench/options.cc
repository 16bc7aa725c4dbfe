#include "options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace gigapi::bench {

Options::Options(std::map<std::string, std::string> defaults, int argc, char** argv) : values_(std::move(defaults)) {
  for (int i = 0; i < argc; i += 2) {
    const auto option = strncmp(argv[i], "--", 2) == 0 ? values_.find(argv[i] + 2) : values_.end();
    if (option == values_.end()) {
      std::string known;
      for (const auto& [name, value] : values_) known += " --" + name + "=" + value;
      Fail("unknown option " + std::string(argv[i]) + "; there are (with defaults):" + known);
    }
    if (i + 1 == argc) Fail(std::string(argv[i]) + " needs a value");
    option->second = argv[i + 1];
  }
}

int64_t Options::Integer(const std::string& name) const {
  char* end = nullptr;
  const int64_t value = strtoll(Text(name).c_str(), &end, 10);
  if (Text(name).empty() || *end != 0) Fail("--" + name + " needs a whole number");
  return value;
}

double Options::Number(const std::string& name) const {
  char* end = nullptr;
  const double value = strtod(Text(name).c_str(), &end);
  if (Text(name).empty() || *end != 0) Fail("--" + name + " needs a number");
  return value;
}

void Fail(const std::string& message) {
  fprintf(stderr, "bench: %s\n", message.c_str());
  exit(1);
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(q * static_cast<double>(values.size())))];
}

}  // namespace gigapi::bench
