#include "server/api/influx/series_rows.h"

#include <algorithm>

namespace gigapi::influx {

void SeriesRows::Push(std::vector<std::string> tags, SeriesRow row) {
  if (!tags_ || *tags_ != tags) {
    EndSeries();
    BeginSeries(std::move(tags));
  }
  if (skipped_) return;
  if (plan_.fill == Fill::kNone) return Emit(row);
  for (size_t i = 0; i < row.values.size(); ++i) {
    // No points: in an interval where another field has some this is as empty as in one without any.
    if (plan_.fill != Fill::kNull && plan_.is_count[i] && row.values[i] == SeriesValue(int64_t{0})) row.values[i] = {};
  }
  FillBefore(&row);
  for (size_t i = 0; i < row.values.size(); ++i) {
    if (plan_.fill == Fill::kPrevious && IsNull(row.values[i]) && last_) row.values[i] = last_->values[i];
    if (plan_.fill == Fill::kNumber && IsNull(row.values[i])) row.values[i] = FillNumber(i);
  }
  last_time_ns_ = row.time_ns;
  if (plan_.fill == Fill::kLinear) return Hold(std::move(row));
  last_ = row;
  Emit(row);
}

void SeriesRows::Finish() { EndSeries(); }

void SeriesRows::BeginSeries(std::vector<std::string> tags) {
  tags_ = std::move(tags);
  last_.reset();
  last_time_ns_.reset();
  begun_ = false;
  rows_ = 0;
  held_.clear();
  known_.assign(plan_.is_count.size(), std::nullopt);
  for (PlannedColumn& column : plan_.columns) column.value->Reset();
  skipped_ = budget_.to_skip > 0 || budget_.exhausted();
  if (budget_.to_skip > 0) --budget_.to_skip;
  else if (budget_.left && !skipped_) --*budget_.left;
}

void SeriesRows::EndSeries() {
  if (!tags_ || skipped_ || plan_.fill == Fill::kNone) return;
  FillBefore(nullptr);
  EmitHeld(held_.size());
}

void SeriesRows::FillBefore(const SeriesRow* next) {
  const auto step = [&](int64_t start) { return plan_.descending ? plan_.grid->Previous(start) : plan_.grid->Next(start); };
  // Where the answer begins, and where it ends, in its order.
  const auto begin = plan_.descending ? plan_.last_ns : plan_.first_ns;
  const auto end = plan_.descending ? plan_.first_ns : plan_.last_ns;
  if (!last_time_ns_ && !begin) return;
  int64_t time_ns = last_time_ns_.value_or(begin.value_or(0));
  if (last_time_ns_) {
    time_ns = step(*last_time_ns_);
    if (time_ns == *last_time_ns_) return;
  }
  const auto before = [&](int64_t limit) { return plan_.descending ? time_ns > limit : time_ns < limit; };
  for (; next != nullptr ? before(next->time_ns) : end && (before(*end) || time_ns == *end);) {
    if (plan_.limit > 0 && rows_ + static_cast<int64_t>(held_.size()) >= plan_.limit + plan_.offset) return;
    if (plan_.fill == Fill::kLinear) Hold(Filled(time_ns));
    else Emit(Filled(time_ns));
    last_time_ns_ = time_ns;
    time_ns = step(time_ns);
    if (time_ns == *last_time_ns_) return;
  }
}

SeriesRow SeriesRows::Filled(int64_t time_ns) const {
  SeriesRow row{time_ns, std::vector<SeriesValue>(plan_.is_count.size())};
  for (size_t i = 0; i < row.values.size(); ++i) {
    if (plan_.fill == Fill::kNull && plan_.is_count[i]) row.values[i] = int64_t{0};
    if (plan_.fill == Fill::kNumber) row.values[i] = FillNumber(i);
    if (plan_.fill == Fill::kPrevious && last_) row.values[i] = last_->values[i];
  }
  return row;
}

SeriesValue SeriesRows::FillNumber(size_t value) const {
  if (plan_.is_count[value]) return static_cast<int64_t>(plan_.fill_number);
  return plan_.fill_number;
}

void SeriesRows::Hold(SeriesRow row) {
  for (size_t i = 0; i < row.values.size(); ++i) {
    if (!NumberOf(row.values[i])) continue;
    Interpolate(row, i);
    known_[i] = Known{row.time_ns, row.values[i]};
  }
  held_.push_back(std::move(row));
  // What no value came before is never filled.
  const auto comes_after = [&](const SeriesRow& held, const Known& known) {
    return plan_.descending ? held.time_ns < known.time_ns : held.time_ns > known.time_ns;
  };
  const auto waits = [&](const SeriesRow& held) {
    for (size_t i = 0; i < held.values.size(); ++i) {
      if (IsNull(held.values[i]) && known_[i] && comes_after(held, *known_[i])) return true;
    }
    return false;
  };
  EmitHeld(static_cast<size_t>(std::find_if(held_.begin(), held_.end(), waits) - held_.begin()));
}

void SeriesRows::Interpolate(const SeriesRow& row, size_t value) {
  if (!known_[value]) return;
  const double from = *NumberOf(known_[value]->value), to = *NumberOf(row.values[value]);
  const bool integers =
      std::holds_alternative<int64_t>(known_[value]->value) && std::holds_alternative<int64_t>(row.values[value]);
  const int64_t begin_ns = known_[value]->time_ns;
  for (auto held = held_.rbegin(); held != held_.rend() && IsNull(held->values[value]); ++held) {
    const double share = static_cast<double>(held->time_ns - begin_ns) / static_cast<double>(row.time_ns - begin_ns);
    const double number = from + (to - from) * share;
    if (integers) held->values[value] = static_cast<int64_t>(number);
    else held->values[value] = number;
  }
}

void SeriesRows::EmitHeld(size_t rows) {
  for (size_t i = 0; i < rows; ++i) Emit(held_[i]);
  held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(rows));
}

void SeriesRows::Emit(const SeriesRow& row) {
  std::vector<SeriesValue> values;
  values.reserve(plan_.columns.size());
  for (PlannedColumn& column : plan_.columns) values.push_back(column.value->Compute(row));
  if (plan_.drop_empty && std::all_of(values.begin(), values.end(), IsNull)) return;
  const int64_t position = rows_++;
  if (position < plan_.offset || (plan_.limit > 0 && position >= plan_.offset + plan_.limit)) return;
  if (!begun_) {
    SeriesTags tags;
    for (size_t i = 0; i < plan_.tags.size(); ++i) tags.emplace_back(plan_.tags[i], (*tags_)[i]);
    std::vector<std::string> names;
    for (const PlannedColumn& column : plan_.columns) names.push_back(column.name);
    sink_.BeginSeries(measurement_, tags, names);
    begun_ = true;
  }
  sink_.Row(row.time_ns, values);
}

}  // namespace gigapi::influx
