#include "app/import/influx_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "app/stop_signal.h"
#include "ingest/annotated_csv.h"

namespace gigapi {
namespace {

Status CheckInterrupted() { return StopSignalPending() ? Error(ErrorKind::kCancelled, "interrupted") : Status::OK(); }

/// Where one slice ends if one begins at `begin`; slices are the same whenever the import is started again.
int64_t SliceEnd(int64_t begin, const InfluxImportOptions& options) {
  const int64_t slice = options.slice_ns;
  const int64_t start = begin / slice * slice - (begin % slice < 0 ? slice : 0);
  return start > options.range.end_ns - slice ? options.range.end_ns : start + slice;
}

/// One source of slices: a measurement, or a bucket.
class SliceImport {
 public:
  SliceImport(std::string name, const InfluxImportOptions& options, const ImportParts& parts)
      : name_(std::move(name)), options_(options), parts_(parts), source_(&parts.state->Source(name_)) {}

  using FirstTime = std::function<Result<std::optional<int64_t>>(const InfluxSlice&)>;
  using ReadSlice = std::function<Status(const InfluxSlice&)>;

  /// Empty spans are jumped over.
  Status Run(const FirstTime& first_time, const ReadSlice& read) {
    if (source_->done) return Status::OK();
    int64_t position = source_->begun ? source_->position : options_.range.begin_ns;
    bool known_to_have_rows = false;
    while (position < options_.range.end_ns) {
      ARROW_RETURN_NOT_OK(CheckInterrupted());
      if (!known_to_have_rows) {
        ARROW_ASSIGN_OR_RAISE(const auto first, first_time({position, options_.range.end_ns}));
        if (!first) break;
        // Rows of a slice that was begun are counted from its begin.
        if (source_->rows_behind == 0) position = std::max(position, *first);
      }
      const int64_t rows_before = source_->rows;
      const InfluxSlice slice{position, SliceEnd(position, options_)};
      skip_rows_ = source_->rows_behind;
      source_->begun = true;
      source_->position = position;
      ARROW_RETURN_NOT_OK(read(slice));
      ARROW_RETURN_NOT_OK(Flush());
      position = slice.end_ns;
      source_->position = position;
      source_->rows_behind = 0;
      ARROW_RETURN_NOT_OK(parts_.state->Save());
      known_to_have_rows = source_->rows > rows_before;
    }
    source_->done = true;
    return parts_.state->Save();
  }

  /// A line of the slice that is read.
  Status AddLine(std::string_view line) {
    if (skip_rows_ > 0) {
      --skip_rows_;
      return Status::OK();
    }
    body_.append(line);
    ++body_rows_;
    return body_.size() < options_.piece_bytes ? Status::OK() : Flush();
  }

  /// Bytes of annotated CSV of the slice that is read.
  Status AddCsv(std::string_view bytes) {
    body_.append(bytes);
    if (body_.size() < options_.piece_bytes) return Status::OK();
    const size_t end = EndOfAnnotatedRecords(body_);
    if (end == 0) return Status::OK();
    const std::string rest = HeadOfNextPiece(std::string_view(body_).substr(0, end)) + body_.substr(end);
    body_.resize(end);
    ARROW_RETURN_NOT_OK(Flush());
    body_ = rest;
    return Status::OK();
  }

  const ImportedSource& source() const { return *source_; }

 private:
  Status Flush() {
    ARROW_RETURN_NOT_OK(CheckInterrupted());
    if (body_.find_first_not_of("\r\n") == std::string::npos) return Status::OK();
    const char* const format = options_.is_v2 ? "annotated_csv" : "lp";
    ARROW_ASSIGN_OR_RAISE(const SentPiece sent, parts_.sender->Send(format, "&precision=ns", body_));
    source_->rows += sent.rows;
    source_->refused_rows += sent.refused_rows;
    if (!options_.is_v2) source_->rows_behind += body_rows_;
    ARROW_RETURN_NOT_OK(parts_.state->Save());
    parts_.progress->Reject(name_, sent.refused, sent.refused_rows - static_cast<int64_t>(sent.refused.size()));
    parts_.progress->Advance(Done(), sent.rows);
    body_.clear();
    body_rows_ = 0;
    return Status::OK();
  }

  /// Thousandths of all sources.
  int64_t Done() const {
    const double span = static_cast<double>(options_.range.end_ns) - static_cast<double>(options_.range.begin_ns);
    const double done = static_cast<double>(source_->position) - static_cast<double>(options_.range.begin_ns);
    return sources_before * 1'000 + std::clamp<int64_t>(static_cast<int64_t>(done / std::max(span, 1.0) * 1'000), 0, 1'000);
  }

 public:
  int64_t sources_before = 0;

 private:
  const std::string name_;
  const InfluxImportOptions& options_;
  const ImportParts parts_;
  ImportedSource* const source_;
  std::string body_;
  int64_t body_rows_ = 0;
  int64_t skip_rows_ = 0;
};

Status ImportMeasurement(const std::string& measurement, int64_t sources_before, const InfluxImportOptions& options,
                         InfluxV1* influx, const ImportParts& parts) {
  ARROW_ASSIGN_OR_RAISE(const InfluxV1::Measurement shape, influx->Describe(measurement));
  InfluxImportOptions own = options;
  ARROW_ASSIGN_OR_RAISE(const auto last, influx->LastTime(measurement, options.range));
  if (!last) return Status::OK();
  own.range.end_ns = std::min(options.range.end_ns, *last + 1);
  SliceImport import(measurement, own, parts);
  import.sources_before = sources_before;
  return import.Run([&](const InfluxSlice& slice) { return influx->FirstTime(measurement, slice); },
                    [&](const InfluxSlice& slice) {
                      return influx->Read(measurement, shape, slice,
                                          [&](std::string_view line) { return import.AddLine(line); });
                    });
}

Status ImportV1(const InfluxImportOptions& options, const ImportParts& parts) {
  InfluxV1 influx(options.server);
  std::vector<std::string> measurements = options.measurements;
  if (measurements.empty()) {
    ARROW_ASSIGN_OR_RAISE(measurements, influx.Measurements());
  }
  for (size_t i = 0; i < measurements.size(); ++i) {
    const Status imported = ImportMeasurement(measurements[i], static_cast<int64_t>(i), options, &influx, parts);
    if (!imported.ok()) return imported.WithMessage(measurements[i], ": ", imported.message());
  }
  return Status::OK();
}

Status ImportV2(const InfluxImportOptions& options, const ImportParts& parts) {
  InfluxV2 influx(options.server);
  SliceImport import(options.server.database, options, parts);
  return import.Run([&](const InfluxSlice& slice) { return influx.FirstTime(slice); },
                    [&](const InfluxSlice& slice) {
                      return influx.Read(slice, [&](std::string_view bytes) { return import.AddCsv(bytes); });
                    });
}

}  // namespace

Status ImportInflux(const InfluxImportOptions& options, const ImportParts& parts) {
  return options.is_v2 ? ImportV2(options, parts) : ImportV1(options, parts);
}

}  // namespace gigapi
