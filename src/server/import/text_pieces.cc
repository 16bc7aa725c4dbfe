#include "server/import/text_pieces.h"

#include <algorithm>

#include "ingest/annotated_csv.h"
#include "ingest/csv_reader.h"
#include "server/parser_registry.h"

namespace gigapi {
namespace {

/// Until the delimiter is known the text begins with the first line of the body.
size_t EndOfSniffedCsv(std::string_view text) { return EndOfCsvRecords(text, SniffDelimiter(text)); }

RecordBoundary BoundaryOfCsv(char delimiter) {
  return [delimiter](std::string_view text) { return EndOfCsvRecords(text, delimiter); };
}

struct TextFormat {
  std::string_view media_type;
  size_t (*boundary)(std::string_view text);
  char closing;
};

constexpr TextFormat kFormats[] = {
    {kLineProtocolMediaType, EndOfLineProtocol, 0},
    {kCsvMediaType, EndOfSniffedCsv, 0},
    {kAnnotatedCsvMediaType, EndOfAnnotatedRecords, 0},
    {kJsonMediaType, EndOfJsonRows, ']'},
    {kNdjsonMediaType, EndOfLines, 0},
};

const TextFormat* FormatOf(std::string_view media_type) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const TextFormat& format) { return format.media_type == media_type; });
  return found == std::end(kFormats) ? nullptr : found;
}

PieceOptions OptionsOf(const TextPiecesOptions& options) {
  const TextFormat* const format = FormatOf(options.media_type);
  PieceOptions pieces;
  pieces.piece_bytes = options.piece_bytes;
  if (format != nullptr) {
    pieces.boundary = format->boundary;
    if (options.media_type == kCsvMediaType && options.delimiter != 0) pieces.boundary = BoundaryOfCsv(options.delimiter);
    pieces.closing = format->closing;
  }
  return pieces;
}

bool IsJsonArray(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '[';
}

}  // namespace

bool TextPieces::Knows(std::string_view media_type) { return FormatOf(media_type) != nullptr; }

TextPieces::TextPieces(TextPiecesOptions options, http::BodyReader* body)
    : options_(std::move(options)), pieces_(OptionsOf(options_), body) {}

Result<std::optional<Piece>> TextPieces::Next() {
  ARROW_ASSIGN_OR_RAISE(std::optional<Piece> piece, pieces_.Next());
  const bool first = !std::exchange(begun_, true);
  if (options_.media_type == kCsvMediaType && first) {
    if (!piece) return Error(ErrorKind::kInvalidArgument, "file is empty");
    ARROW_RETURN_NOT_OK(BeginCsv(&*piece));
  } else if (options_.media_type == kJsonMediaType && first && piece && IsJsonArray(piece->bytes)) {
    is_array_ = true;
    pieces_.SetPrefix("[");
  } else if (options_.media_type == kAnnotatedCsvMediaType && piece) {
    pieces_.SetPrefix(HeadOfNextPiece(piece->bytes));
  }
  return piece;
}

/// Takes the records before the header off the first piece.
Status TextPieces::BeginCsv(Piece* piece) {
  if (options_.delimiter == 0) {
    options_.delimiter = SniffDelimiter(piece->bytes);
    pieces_.SetBoundary(BoundaryOfCsv(options_.delimiter));
  }
  CsvReader in(piece->bytes, options_.delimiter);
  for (int64_t i = 0; i <= options_.skip_records; ++i) {
    if (!in.Next()) return Error(ErrorKind::kInvalidArgument, "file is empty");
  }
  for (const CsvField& field : in.fields()) header_.emplace_back(field.text);
  pieces_.SetPrefix(std::string(in.text()) + "\n");
  const auto skipped = in.text().data() - piece->bytes.data();
  piece->first_line += std::count(piece->bytes.begin(), piece->bytes.begin() + skipped, '\n');
  piece->bytes.remove_prefix(static_cast<size_t>(skipped));
  piece->begin += skipped;
  return Status::OK();
}

}  // namespace gigapi
