#include "server/write_service.h"

#include "base/clock.h"
#include "base/guarded.h"
#include "model/names.h"
#include "server/content_encoding.h"

namespace gigapi {
namespace {

/// Each conflict means that another write has grown the same table; it happens while a table is new.
constexpr int kAttemptsMax = 16;

}  // namespace

ParseOptions ParseOptionsOf(const WriteParameters& parameters) {
  ParseOptions options;
  options.precision = parameters.precision.value_or(Precision::kNanosecond);
  options.number_precision = parameters.precision.value_or(Precision::kAuto);
  options.table = parameters.table;
  options.time_column = parameters.time_column;
  options.tags = parameters.tags;
  options.delimiter = parameters.delimiter;
  options.types = parameters.types;
  return options;
}

struct WriteService::Job {
  http::ExchangePtr exchange;
  WriteParameters parameters;
  Done done;
  int64_t arrived_ns = 0;  // the time of lines without one, the same when they are parsed again
  int attempts = 0;
  WriteOutcome outcome;
};

void WriteService::Write(http::ExchangePtr exchange, WriteParameters parameters, Done done) {
  auto job = std::make_shared<Job>();
  job->exchange = std::move(exchange);
  job->parameters = std::move(parameters);
  job->done = std::move(done);
  job->arrived_ns = WallNanos();
  if (Status valid = ValidateDatabaseName(job->parameters.database); !valid.ok()) return Finish(*job, std::move(valid));
  ParseAndWrite(std::move(job));
}

Result<WriteBatch> WriteService::Parse(const Job& job) {
  // Decoded again when it is parsed again: what waits for the disk holds what was sent, which is counted, and its rows.
  const http::Request& request = job.exchange->request();
  ARROW_ASSIGN_OR_RAISE(const DecodedBody body,
                        DecodeContent(request.Header("Content-Encoding"), request.body, limits_.body_bytes_max));
  if (job.attempts == 1) stats_.body_bytes_total += static_cast<int64_t>(body.bytes.size());
  ParseOptions options = ParseOptionsOf(job.parameters);
  options.now_ns = job.arrived_ns;
  options.line_bytes_max = limits_.line_bytes_max;
  options.columns_per_table_max = limits_.columns_per_table_max;
  const int64_t start_ns = SteadyNanos();
  const std::string& media_type = job.parameters.media_type;
  const Parser& parse = parsers_->Find(media_type.empty() ? request.Header("Content-Type") : media_type);
  WriteBatch batch = parse(body.bytes, options, *lake_->Schemas(job.parameters.database));
  stats_.parse_nanos_total += SteadyNanos() - start_ns;
  return batch;
}

void WriteService::ParseAndWrite(std::shared_ptr<Job> job) {
  ++job->attempts;
  Result<WriteBatch> parsed = Guarded([&] { return Parse(*job); });
  if (!parsed.ok()) return Finish(*job, parsed.status());
  WriteBatch& batch = *parsed;
  job->outcome.refused_rows = batch.refused_rows;
  job->outcome.refused = std::move(batch.refused);
  const bool all_or_nothing = !job->parameters.accept_partial && batch.refused_rows > 0;
  if (all_or_nothing) job->outcome.refused_rows += batch.accepted_rows;
  if (batch.accepted_rows == 0 || all_or_nothing) return Finish(*job, Status::OK());

  const int64_t rows = batch.accepted_rows;
  const std::string& database = job->parameters.database;
  lake_->Write(database, std::move(batch), [this, job, rows](Status status) mutable {
    if (!status.ok() && KindOf(status) == ErrorKind::kConflict && job->attempts < kAttemptsMax) {
      ++stats_.reparsed_total;
      const http::ExchangePtr exchange = job->exchange;
      exchange->Defer([this, job = std::move(job)] { ParseAndWrite(job); });
      return;
    }
    if (status.ok()) job->outcome.written_rows = rows;
    Finish(*job, std::move(status));
  });
}

void WriteService::Finish(Job& job, Status status) {
  job.outcome.status = std::move(status);
  stats_.rows_written_total += job.outcome.written_rows;
  stats_.rows_refused_total += job.outcome.refused_rows;
  job.done(job.outcome);
}

}  // namespace gigapi
