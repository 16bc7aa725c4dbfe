// A body of text in pieces that hold whole records, so that parsers of whole bodies read files of any size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/pod_vector.h"
#include "ingest/record_boundary.h"
#include "server/http/http.h"

namespace gigapi {

struct PieceOptions {
  RecordBoundary boundary = EndOfLines;
  /// Replaces the comma that ends a piece that is not the last one: what closes an array that is cut there. 0: none.
  char closing = 0;
  size_t piece_bytes = 4 << 20;        // a piece has this much at least, but for the last one
  size_t record_bytes_max = 16 << 20;  // a piece with one record grows to this
};

struct Piece {
  std::string_view bytes;    // the prefix, then records
  int64_t prefix_lines = 0;  // newlines in the prefix
  int64_t first_line = 1;    // of the body, counted from 1: where the records begin
  int64_t begin = 0;         // of the records, in bytes of the body
  int64_t end = 0;

  /// Without the prefix.
  std::string_view records() const { return bytes.substr(bytes.size() - static_cast<size_t>(end - begin)); }
  /// The line of the body that is this line of the piece, both counted from 1.
  int64_t LineOfBody(int64_t line) const { return line <= prefix_lines ? line : first_line + line - prefix_lines - 1; }
};

/// One thread; `body` must outlive it.
class PieceReader {
 public:
  PieceReader(PieceOptions options, http::BodyReader* body) : options_(std::move(options)), body_(body) {}

  /// The next piece, valid until the next call; nullopt at the end. kTooLarge for a record over the limit.
  Result<std::optional<Piece>> Next();

  /// What each later piece begins with, as CSV's header: repeated for the parser, not counted as lines of the body.
  void SetPrefix(std::string prefix) { prefix_ = std::move(prefix); }
  const std::string& prefix() const { return prefix_; }

  /// For what is learnt from the first piece.
  void SetBoundary(RecordBoundary boundary) { options_.boundary = std::move(boundary); }

 private:
  Status Fill(size_t bytes_min);
  Result<size_t> FindEnd();

  PieceOptions options_;
  http::BodyReader* const body_;
  std::string prefix_;
  size_t prefix_bytes_ = 0;  // of the prefix in the buffer
  PodVector<char> buffer_;   // the prefix, and what has been read from `used_` on
  size_t used_ = 0;
  int64_t next_line_ = 1;
  int64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace gigapi
