// Text in pieces that are each a body of their own for the format's parser: later pieces of CSV repeat the header, those of
// a JSON array are arrays.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/import/piece_reader.h"

namespace gigapi {

struct TextPiecesOptions {
  std::string media_type;    // of parser_registry.h
  char delimiter = 0;        // of CSV; 0: told by its first piece
  int64_t skip_records = 0;  // of CSV, before the header
  size_t piece_bytes = 4 << 20;
};

/// One thread; `body` must outlive it.
class TextPieces {
 public:
  /// Whether the format is text that can be cut.
  static bool Knows(std::string_view media_type);

  TextPieces(TextPiecesOptions options, http::BodyReader* body);

  /// The next piece, valid until the next call; nullopt at the end. kInvalidArgument for CSV without a header.
  Result<std::optional<Piece>> Next();

  /// What makes a body of records that are cut out of a piece: the same for all pieces but of annotated CSV.
  const std::string& prefix() const { return pieces_.prefix(); }

  /// Whether the body is an array of JSON, once there has been a piece.
  bool is_array() const { return is_array_; }

  /// Of CSV, once there has been a piece.
  char delimiter() const { return options_.delimiter; }
  const std::vector<std::string>& header() const { return header_; }

 private:
  Status BeginCsv(Piece* piece);

  TextPiecesOptions options_;
  PieceReader pieces_;
  bool begun_ = false;
  bool is_array_ = false;
  std::vector<std::string> header_;
};

}  // namespace gigapi
