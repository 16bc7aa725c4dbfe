#include "server/query_service.h"

#include "base/clock.h"

namespace gigapi {
namespace {

/// A chunk of the answer: large enough that its share of system calls and thread switches does not count, small enough to
/// stay in the processor's cache until it is sent.
constexpr size_t kPieceBytes = 256 << 10;

/// A result on its way to bytes.
class ResultBody final : public http::BodySource {
 public:
  ResultBody(std::unique_ptr<QueryStream> stream, std::unique_ptr<ResultEncoder> encoder, QueryStats* stats,
             int64_t start_ns)
      : stream_(std::move(stream)), encoder_(std::move(encoder)), stats_(stats), start_ns_(start_ns) {}

  Status Begin() { return encoder_->Begin(&buffer_); }

  Result<std::string> Next(std::string spare) override {
    if (buffer_.size() == 0) buffer_.Use(std::move(spare));
    while (!ended_ && buffer_.size() < kPieceBytes) ARROW_RETURN_NOT_OK(Fill());
    return buffer_.Take();
  }

  bool ended() const { return ended_; }

 private:
  Status Fill() {
    if (batch_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(batch_, stream_->Next());
      row_ = 0;
      if (batch_ == nullptr) return End();
      stats_->rows_total += batch_->num_rows();
    }
    ARROW_ASSIGN_OR_RAISE(row_, encoder_->Encode(*batch_, row_, kPieceBytes, &buffer_));
    if (row_ == batch_->num_rows()) batch_.reset();
    return Status::OK();
  }

  Status End() {
    ended_ = true;
    ARROW_RETURN_NOT_OK(encoder_->End(&buffer_));
    stream_.reset();  // gives the query's place to the next one
    stats_->seconds.Observe(static_cast<double>(SteadyNanos() - start_ns_) * 1e-9);
    return Status::OK();
  }

  std::unique_ptr<QueryStream> stream_;
  const std::unique_ptr<ResultEncoder> encoder_;
  QueryStats* const stats_;
  const int64_t start_ns_;
  OutputBuffer buffer_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;
  bool ended_ = false;
};

/// Puts a piece that has been made already before the others.
class WithFirstPiece final : public http::BodySource {
 public:
  WithFirstPiece(std::string first, std::unique_ptr<http::BodySource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<std::string> Next(std::string spare) override {
    if (!first_.empty()) return std::exchange(first_, {});
    return rest_->Next(std::move(spare));
  }

 private:
  std::string first_;
  const std::unique_ptr<http::BodySource> rest_;
};

/// Starts the query and makes the first piece, so that what fails early is still an error with its own status.
Status Answer(QueryEngine* engine, const QueryCall& call, QueryCancel cancel, QueryStats* stats, http::Exchange* exchange) {
  const int64_t start_ns = SteadyNanos();
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<QueryStream> stream, engine->Execute(call.request, std::move(cancel)));
  auto encoder = ResultEncoder::Make(call.format, call.time_format, stream->schema());
  http::Headers headers{{"Content-Type", std::string(encoder->content_type())}};
  auto body = std::make_unique<ResultBody>(std::move(stream), std::move(encoder), stats, start_ns);
  ARROW_RETURN_NOT_OK(body->Begin());
  ARROW_ASSIGN_OR_RAISE(std::string first, body->Next({}));
  if (body->ended()) {
    exchange->Respond({200, std::move(headers), std::move(first)});
  } else {
    exchange->RespondStream(200, std::move(headers), std::make_unique<WithFirstPiece>(std::move(first), std::move(body)));
  }
  return Status::OK();
}

}  // namespace

void QueryService::Run(http::ExchangePtr exchange, QueryCall call,
                       std::function<http::Response(const Status&)> render_error) {
  QueryCancel cancel;
  exchange->OnDisconnect([cancel]() mutable { cancel.Cancel(); });
  const bool accepted = pool_->Submit([this, exchange, call = std::move(call), cancel, render_error] {
    const Status status = cancel.cancelled() ? Error(ErrorKind::kCancelled, "the client has gone")
                                             : Answer(engine_, call, cancel, &stats_, exchange.get());
    if (!status.ok()) exchange->Respond(render_error(status));
  });
  if (accepted) return;
  ++stats_.rejected_total;
  exchange->Respond(render_error(Error(ErrorKind::kUnavailable, "too many queries are waiting")));
}

}  // namespace gigapi
