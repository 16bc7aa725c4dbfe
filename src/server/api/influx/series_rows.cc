#include "server/api/influx/series_rows.h"

#include <algorithm>

namespace gigapi::influx {

void SeriesRows::Push(std::vector<std::string> tags, SeriesRow row) {
  if (!tags_ || *tags_ != tags) {
    EndSeries();
    BeginSeries(std::move(tags));
  }
  if (skipped_) return;
  if (plan_.fill != Fill::kNone) {
    FillBefore(&row);
    for (size_t i = 0; i < row.values.size(); ++i) {
      if (plan_.fill == Fill::kPrevious && IsNull(row.values[i]) && last_) row.values[i] = last_->values[i];
      if (plan_.fill == Fill::kNumber && IsNull(row.values[i])) row.values[i] = plan_.fill_number;
    }
    last_ = row;
    last_time_ns_ = row.time_ns;
  }
  Emit(row);
}

void SeriesRows::Finish() { EndSeries(); }

void SeriesRows::BeginSeries(std::vector<std::string> tags) {
  tags_ = std::move(tags);
  last_.reset();
  last_time_ns_.reset();
  begun_ = false;
  rows_ = 0;
  for (PlannedColumn& column : plan_.columns) column.value->Reset();
  skipped_ = budget_.to_skip > 0 || budget_.exhausted();
  if (budget_.to_skip > 0) --budget_.to_skip;
  else if (budget_.left && !skipped_) --*budget_.left;
}

void SeriesRows::EndSeries() {
  if (!tags_ || skipped_ || plan_.fill == Fill::kNone) return;
  FillBefore(nullptr);
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
    if (plan_.limit > 0 && rows_ >= plan_.limit + plan_.offset) return;
    Emit(Filled(time_ns, next));
    last_time_ns_ = time_ns;
    time_ns = step(time_ns);
    if (time_ns == *last_time_ns_) return;
  }
}

SeriesRow SeriesRows::Filled(int64_t time_ns, const SeriesRow* next) const {
  SeriesRow row{time_ns, std::vector<SeriesValue>(plan_.is_count.size())};
  for (size_t i = 0; i < row.values.size(); ++i) {
    SeriesValue& value = row.values[i];
    switch (plan_.fill) {
      case Fill::kNone: break;
      case Fill::kNull:
        if (plan_.is_count[i]) value = int64_t{0};
        break;
      case Fill::kNumber:
        if (plan_.is_count[i]) value = static_cast<int64_t>(plan_.fill_number);
        else value = plan_.fill_number;
        break;
      case Fill::kPrevious:
        if (last_) value = last_->values[i];
        break;
      case Fill::kLinear: {
        const auto from = last_ ? NumberOf(last_->values[i]) : std::nullopt;
        const auto to = next != nullptr ? NumberOf(next->values[i]) : std::nullopt;
        if (!from || !to) break;
        const double share =
            static_cast<double>(time_ns - last_->time_ns) / static_cast<double>(next->time_ns - last_->time_ns);
        value = *from + (*to - *from) * share;
        break;
      }
    }
  }
  return row;
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
