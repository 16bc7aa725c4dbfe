#include "server/api/influx/series_computation.h"

#include <cmath>
#include <numeric>

namespace gigapi::influx {
namespace {

SeriesValue Applied(char operation, const SeriesValue& left, const SeriesValue& right) {
  const auto a = NumberOf(left), b = NumberOf(right);
  if (!a || !b) return {};
  switch (operation) {
    case '+': return *a + *b;
    case '-': return *a - *b;
    case '*': return *a * *b;
    case '/': return *b == 0 ? SeriesValue() : SeriesValue(*a / *b);
    case '%': return *b == 0 ? SeriesValue() : SeriesValue(std::fmod(*a, *b));
    default: return {};
  }
}

/// Integers stay integers.
SeriesValue Difference(const SeriesValue& value, const SeriesValue& previous) {
  const auto* a = std::get_if<int64_t>(&value);
  const auto* b = std::get_if<int64_t>(&previous);
  int64_t difference = 0;
  if (a != nullptr && b != nullptr && !__builtin_sub_overflow(*a, *b, &difference)) return difference;
  const auto x = NumberOf(value), y = NumberOf(previous);
  return x && y ? SeriesValue(*x - *y) : SeriesValue();
}

}  // namespace

std::unique_ptr<SeriesComputation> SeriesComputation::Column(size_t column) {
  auto made = std::make_unique<SeriesComputation>();
  made->column_ = column;
  return made;
}

std::unique_ptr<SeriesComputation> SeriesComputation::Number(double number) {
  auto made = std::make_unique<SeriesComputation>();
  made->kind_ = Kind::kNumber;
  made->number_ = number;
  return made;
}

std::unique_ptr<SeriesComputation> SeriesComputation::Arithmetic(std::string operation,
                                                                 std::unique_ptr<SeriesComputation> left,
                                                                 std::unique_ptr<SeriesComputation> right) {
  auto made = std::make_unique<SeriesComputation>();
  made->kind_ = Kind::kArithmetic;
  made->operation_ = std::move(operation);
  made->left_ = std::move(left);
  made->right_ = std::move(right);
  return made;
}

std::unique_ptr<SeriesComputation> SeriesComputation::Transform(std::string function, int64_t parameter,
                                                                std::unique_ptr<SeriesComputation> input) {
  auto made = std::make_unique<SeriesComputation>();
  made->kind_ = Kind::kTransform;
  made->operation_ = std::move(function);
  made->parameter_ = parameter;
  made->left_ = std::move(input);
  return made;
}

void SeriesComputation::Reset() {
  if (left_ != nullptr) left_->Reset();
  if (right_ != nullptr) right_->Reset();
  has_previous_ = false;
  sum_ = 0;
  window_.clear();
}

SeriesValue SeriesComputation::Compute(const SeriesRow& row) {
  switch (kind_) {
    case Kind::kColumn: return row.values[column_];
    case Kind::kNumber: return number_;
    case Kind::kArithmetic: return Applied(operation_[0], left_->Compute(row), right_->Compute(row));
    case Kind::kTransform: return Transformed(row.time_ns, left_->Compute(row));
  }
  return {};
}

ValueType SeriesComputation::TypeOver(const std::vector<ValueType>& columns) const {
  if (kind_ == Kind::kColumn) return columns[column_];
  if (kind_ != Kind::kTransform) return ValueType::kDouble;
  if (operation_ == "elapsed") return ValueType::kInt64;
  const bool keeps_integers = operation_ == "cumulative_sum" || operation_.ends_with("difference");
  return keeps_integers && left_->TypeOver(columns) == ValueType::kInt64 ? ValueType::kInt64 : ValueType::kDouble;
}

SeriesValue SeriesComputation::Transformed(int64_t time_ns, const SeriesValue& value) {
  if (IsNull(value)) return {};
  if (operation_ == "cumulative_sum") {
    sum_ += NumberOf(value).value_or(0);
    const auto* integer = std::get_if<int64_t>(&value);
    return integer != nullptr ? SeriesValue(static_cast<int64_t>(sum_)) : SeriesValue(sum_);
  }
  if (operation_ == "moving_average") {
    window_.push_back(NumberOf(value).value_or(0));
    if (window_.size() > static_cast<size_t>(parameter_)) window_.pop_front();
    if (window_.size() < static_cast<size_t>(parameter_)) return {};
    return std::accumulate(window_.begin(), window_.end(), 0.0) / static_cast<double>(parameter_);
  }
  const bool first = !has_previous_;
  const int64_t elapsed_ns = time_ns - previous_time_ns_;
  const SeriesValue difference = first ? SeriesValue() : Difference(value, previous_);
  has_previous_ = true;
  previous_time_ns_ = time_ns;
  previous_ = value;
  if (first) return {};
  if (operation_ == "elapsed") return elapsed_ns / parameter_;
  const auto change = NumberOf(difference);
  if (!change || (operation_.starts_with("non_negative") && *change < 0)) return {};
  if (operation_.ends_with("difference")) return difference;
  if (elapsed_ns == 0) return {};
  return *change / (static_cast<double>(elapsed_ns) / static_cast<double>(parameter_));
}

}  // namespace gigapi::influx
