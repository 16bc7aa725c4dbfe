// What is left to do with the rows of a series when SQL has done its part: derivatives and such, which need the row before,
// and arithmetic over them. Pure.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/api/influx/series_value.h"

namespace gigapi::influx {

/// A column of the answer. Holds the state of one series; Reset before the next.
class SeriesComputation {
 public:
  enum class Kind : uint8_t {
    kColumn,  // of the row that SQL gives
    kNumber,
    kArithmetic,  // operation: + - * / %
    kTransform,   // operation: a function of kind kTransform; parameter: its unit in nanoseconds, or its window
  };

  static std::unique_ptr<SeriesComputation> Column(size_t column);
  static std::unique_ptr<SeriesComputation> Number(double number);
  static std::unique_ptr<SeriesComputation> Arithmetic(std::string operation, std::unique_ptr<SeriesComputation> left,
                                                       std::unique_ptr<SeriesComputation> right);
  static std::unique_ptr<SeriesComputation> Transform(std::string function, int64_t parameter,
                                                      std::unique_ptr<SeriesComputation> input);

  void Reset();
  /// Rows come in the order of the answer.
  SeriesValue Compute(const SeriesRow& row);
  /// Of what Compute gives when the columns of SQL's rows have these types.
  ValueType TypeOver(const std::vector<ValueType>& columns) const;
  /// The same in SQL (series_computation_sql.cc), over rows with the columns `columns` and `n`, the time. `window` tells
  /// series apart and orders their rows: "PARTITION BY t0 ORDER BY n". kUnsupported for what windows cannot be made of.
  Result<std::string> ToSql(const std::vector<std::string>& columns, const std::vector<ValueType>& types,
                            const std::string& window) const;
  bool is_column() const { return kind_ == Kind::kColumn; }

 private:
  SeriesValue Transformed(int64_t time_ns, const SeriesValue& value);
  Result<std::string> TransformToSql(const std::vector<std::string>& columns, const std::vector<ValueType>& types,
                                     const std::string& window) const;
  bool has_transform() const {
    return kind_ == Kind::kTransform || (left_ != nullptr && left_->has_transform()) ||
           (right_ != nullptr && right_->has_transform());
  }

  Kind kind_ = Kind::kColumn;
  size_t column_ = 0;
  double number_ = 0;
  std::string operation_;
  int64_t parameter_ = 0;
  std::unique_ptr<SeriesComputation> left_;
  std::unique_ptr<SeriesComputation> right_;

  // What a transform remembers.
  bool has_previous_ = false;
  int64_t previous_time_ns_ = 0;
  SeriesValue previous_;
  double sum_ = 0;
  std::deque<double> window_;
};

}  // namespace gigapi::influx
