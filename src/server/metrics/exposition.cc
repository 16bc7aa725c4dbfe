#include "server/metrics/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace gigapi {
namespace {

void AppendLabelValue(std::string_view value, std::string* out) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out->push_back('\\');
    if (c == '\n') out->append("\\n");
    else out->push_back(c);
  }
}

}  // namespace

void Exposition::AppendName(std::string_view name, MetricLabels labels, std::string_view le) {
  text_ += name;
  char separator = '{';
  const auto label = [&](std::string_view key, std::string_view value) {
    text_ += separator;
    separator = ',';
    text_.append(key).append("=\"");
    AppendLabelValue(value, &text_);
    text_ += '"';
  };
  for (const auto& [key, value] : labels) label(key, value);
  if (!le.empty()) label("le", le);
  if (separator == ',') text_ += '}';
}

void Exposition::BeginFamily(std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::Sample(std::string_view name, MetricLabels labels, double value) {
  AppendName(name, labels, {});
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void Exposition::Counter(std::string_view name, std::string_view help, double value) {
  BeginFamily(name, "counter", help);
  Sample(name, {}, value);
}

void Exposition::Gauge(std::string_view name, std::string_view help, double value) {
  BeginFamily(name, "gauge", help);
  Sample(name, {}, value);
}

void Exposition::HistogramSamples(std::string_view name, MetricLabels labels, const Histogram& histogram) {
  int64_t total = 0;
  const std::string bucket_name = fmt::format("{}_bucket", name);
  for (size_t i = 0; i <= histogram.bounds().size(); ++i) {
    total += histogram.count(i);
    const std::string bound = i < histogram.bounds().size() ? fmt::format("{}", histogram.bounds()[i]) : "+Inf";
    AppendName(bucket_name, labels, bound);
    fmt::format_to(std::back_inserter(text_), " {}\n", total);
  }
  Sample(fmt::format("{}_sum", name), labels, histogram.sum());
  Sample(fmt::format("{}_count", name), labels, static_cast<double>(total));
}

}  // namespace gigapi
