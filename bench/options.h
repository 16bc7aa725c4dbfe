// The options of the benchmark programs: --name value pairs, each with a default, unknown names refused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gigapi::bench {

class Options {
 public:
  /// `defaults` names every option that there is. Prints a message and ends the process when an argument is wrong.
  Options(std::map<std::string, std::string> defaults, int argc, char** argv);

  const std::string& Text(const std::string& name) const { return values_.at(name); }
  int64_t Integer(const std::string& name) const;
  double Number(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Prints the message and ends the process with 1.
[[noreturn]] void Fail(const std::string& message);

/// The value at fraction `q` (0 to 1) of the sorted values; 0 when there are none.
double Quantile(std::vector<double> values, double q);

}  // namespace gigapi::bench
