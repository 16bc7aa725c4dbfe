#include "server/query_service.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/clock.h"
#include "base/guarded.h"
#include "server/http/first_piece.h"

namespace gigapi {
namespace {

/// A chunk of the answer: large enough that its share of system calls and thread switches does not count, small enough to
/// stay in the processor's cache until it is sent.
constexpr size_t kPieceBytes = 256 << 10;

/// A result on its way to bytes.
class ResultBody final : public http::BodySource {
 public:
  ResultBody(std::unique_ptr<QueryStream> stream, std::unique_ptr<ResultEncoder> encoder,
             std::unique_ptr<QueryRegistry::Ticket> ticket, QueryStats* stats, int64_t start_ns)
      : ticket_(std::move(ticket)),
        stream_(std::move(stream)),
        encoder_(std::move(encoder)),
        stats_(stats),
        start_ns_(start_ns) {}

  Status Begin() { return Noted(encoder_->Begin(&buffer_)); }

  Result<std::string> Next(std::string spare) override {
    if (buffer_.size() == 0) buffer_.Use(std::move(spare));
    while (!ended_ && buffer_.size() < kPieceBytes) ARROW_RETURN_NOT_OK(Noted(Fill()));
    return buffer_.Take();
  }

  bool ended() const { return ended_; }
  int64_t rows() const { return rows_; }
  double millis() const { return static_cast<double>(SteadyNanos() - start_ns_) * 1e-6; }

 private:
  Status Noted(Status status) {
    if (!status.ok()) ticket_->End(status);
    return status;
  }

  Status Fill() {
    if (stream_ == nullptr) return End();
    if (batch_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(batch_, stream_->Next());
      row_ = 0;
      if (batch_ == nullptr) {
        stream_.reset();  // gives the query's place to the next one
        return End();
      }
      rows_ += batch_->num_rows();
      stats_->rows_total += batch_->num_rows();
      ticket_->AddRows(batch_->num_rows());
    }
    ARROW_ASSIGN_OR_RAISE(row_, encoder_->Encode(*batch_, row_, kPieceBytes, &buffer_));
    if (row_ == batch_->num_rows()) batch_.reset();
    return Status::OK();
  }

  Status End() {
    ARROW_ASSIGN_OR_RAISE(ended_, encoder_->End(kPieceBytes, &buffer_));
    if (!ended_) return Status::OK();
    ticket_->End(Status::OK());
    stats_->seconds.Observe(static_cast<double>(SteadyNanos() - start_ns_) * 1e-9);
    return Status::OK();
  }

  const std::unique_ptr<QueryRegistry::Ticket> ticket_;  // goes last
  std::unique_ptr<QueryStream> stream_;                  // nullptr: all rows have been read
  const std::unique_ptr<ResultEncoder> encoder_;
  QueryStats* const stats_;
  const int64_t start_ns_;
  OutputBuffer buffer_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;   // of the batch
  int64_t rows_ = 0;  // so far
  bool ended_ = false;
};

Result<std::unique_ptr<QueryStream>> OpenStream(QueryEngine* engine, const QueryCall& call, QueryCancel cancel) {
  auto rows = call.open ? call.open(call.request, std::move(cancel)) : engine->Execute(call.request, std::move(cancel));
  return rows.ok() && call.change_rows ? call.change_rows(*std::move(rows)) : std::move(rows);
}

/// Starts the query and makes the first piece, so that what fails early is still an error with its own status.
Status Answer(QueryEngine* engine, const QueryCall& call, const QueryCancel& cancel,
              std::unique_ptr<QueryRegistry::Ticket> ticket, QueryStats* stats, http::Exchange* exchange) {
  const int64_t start_ns = SteadyNanos();
  Result<std::unique_ptr<QueryStream>> stream = OpenStream(engine, call, cancel);
  if (!stream.ok()) {
    ticket->End(stream.status());
    return stream.status();
  }
  auto encoder = call.encoder((*stream)->schema());
  http::Headers headers = call.headers;
  AddIncompleteHeader(*cancel.notes(), &headers);
  encoder->SetMissingNodes(cancel.notes()->missing_nodes());
  if (!call.id_header.empty()) headers.emplace_back(call.id_header, ticket->id());
  headers.emplace_back("Content-Type", std::string(encoder->content_type()));
  auto body = std::make_unique<ResultBody>(*std::move(stream), std::move(encoder), std::move(ticket), stats, start_ns);
  ARROW_RETURN_NOT_OK(body->Begin());
  return http::RespondFromFirstPiece(exchange, std::move(headers), std::move(body),
                                     [&](const ResultBody& begun, http::Headers* more) {
                                       if (!call.summary || !begun.ended()) return;
                                       http::Headers summary = call.summary(begun.rows(), begun.millis());
                                       std::move(summary.begin(), summary.end(), std::back_inserter(*more));
                                     });
}

}  // namespace

void AddIncompleteHeader(const QueryNotes& notes, http::Headers* headers) {
  const std::vector<std::string> nodes = notes.missing_nodes();
  if (!nodes.empty()) headers->emplace_back(std::string(kIncompleteHeader), fmt::format("{}", fmt::join(nodes, ", ")));
}

void QueryService::Run(const http::ExchangePtr& exchange, QueryCall call,
                       const std::function<http::Response(const Status&)>& render_error) {
  QueryCancel cancel;
  exchange->OnDisconnect([cancel]() mutable { cancel.Cancel(); });
  const bool accepted = pool_->Submit([this, exchange, call = std::move(call), cancel, render_error] {
    auto ticket = registry_.Begin(call.request, exchange->request().remote_address, cancel);
    const Status status = cancel.cancelled() ? Error(ErrorKind::kCancelled, "the client has gone") : Guarded([&] {
      return Answer(engine_, call, cancel, std::move(ticket), &stats_, exchange.get());
    });
    if (!status.ok()) exchange->Respond(render_error(status));
  });
  if (accepted) return;
  ++stats_.rejected_total;
  exchange->Respond(render_error(Error(ErrorKind::kUnavailable, "too many queries are waiting")));
}

}  // namespace gigapi
