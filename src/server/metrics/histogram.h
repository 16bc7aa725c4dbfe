// Counts of observed values in buckets, as Prometheus has them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gigapi {

/// Any thread observes, any thread reads; a reader may see one observation in the buckets and not yet in the sum.
class Histogram {
 public:
  /// Upper bounds of the buckets, growing; a last bucket without bound is added.
  explicit Histogram(std::vector<double> bounds)
      : bounds_(std::move(bounds)), counts_(std::make_unique<std::atomic<int64_t>[]>(bounds_.size() + 1)) {}

  /// 100 us to 60 s.
  static std::vector<double> LatencySeconds() {
    return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  }

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_nano_.fetch_add(static_cast<int64_t>(value * 1e9), std::memory_order_relaxed);
  }

  const std::vector<double>& bounds() const { return bounds_; }
  int64_t count(size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  double sum() const { return static_cast<double>(sum_nano_.load(std::memory_order_relaxed)) * 1e-9; }

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<int64_t>[]> counts_;
  std::atomic<int64_t> sum_nano_{0};
};

}  // namespace gigapi
