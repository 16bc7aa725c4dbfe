// Prometheus' text format, version 0.0.4.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/metrics/histogram.h"

namespace gigapi {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Writes one page of metrics. A family is begun once, then has one sample or more.
class Exposition {
 public:
  void BeginFamily(std::string_view name, std::string_view type, std::string_view help);
  void Sample(std::string_view name, MetricLabels labels, double value);

  /// A family with one sample.
  void Counter(std::string_view name, std::string_view help, double value);
  void Gauge(std::string_view name, std::string_view help, double value);
  /// The samples of one histogram, inside a family of the same name.
  void HistogramSamples(std::string_view name, MetricLabels labels, const Histogram& histogram);

  std::string Take() { return std::move(text_); }

 private:
  void AppendName(std::string_view name, MetricLabels labels, std::string_view le);

  std::string text_;
};

}  // namespace gigapi
