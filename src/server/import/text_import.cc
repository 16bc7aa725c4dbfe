#include "server/import/text_import.h"

#include <algorithm>
#include <optional>
#include <string>

#include "ingest/row_options.h"
#include "server/import/text_pieces.h"

namespace gigapi {
namespace {

/// Without a column of times every row would get the time of the import.
Status CheckTime(const std::vector<std::string>& header, const ParseOptions& options) {
  const auto has = [&](std::string_view name) { return std::find(header.begin(), header.end(), name) != header.end(); };
  if (options.types.find("time") != std::string::npos) return Status::OK();  // the parser looks closer
  const bool found =
      options.time_column.empty() ? std::any_of(kTimeNames.begin(), kTimeNames.end(), has) : has(options.time_column);
  if (found) return Status::OK();
  std::string names;
  for (const std::string& name : header) names.append(names.empty() ? "" : ", ").append(name);
  return Errorf(ErrorKind::kInvalidArgument, "time column \"{}\" not found in file; available columns: {}",
                options.time_column.empty() ? "time" : options.time_column, names.substr(0, 1'000));
}

/// A header that cannot be used: what the parser says of the first piece it would say of each.
bool HeaderWasRefused(const Piece& piece, const ImportOutcome& outcome) {
  return outcome.imported_rows == 0 && outcome.refused_rows == 1 && outcome.first_refused_line == piece.first_line;
}

}  // namespace

Status ImportText(const ImportRequest& request, const ParseOptions& options, const Parser& parse, http::BodyReader* body,
                  ImportWriter* writer) {
  TextPieces pieces({request.media_type, options.delimiter, request.skip_records}, body);
  const bool is_csv = request.media_type == kCsvMediaType;
  ParseOptions piece_options = options;
  for (bool first = true;; first = false) {
    ARROW_ASSIGN_OR_RAISE(const std::optional<Piece> piece, pieces.Next());
    if (!piece) return Status::OK();
    if (first && is_csv) {
      piece_options.delimiter = pieces.delimiter();
      if (request.needs_time) ARROW_RETURN_NOT_OK(CheckTime(pieces.header(), options));
    }
    // Elements of an array have numbers rather than lines.
    const int64_t rows_before = writer->outcome().imported_rows + writer->outcome().refused_rows;
    ARROW_RETURN_NOT_OK(
        writer->Write([&](const SchemaSource& schemas) { return parse(piece->bytes, piece_options, schemas); },
                      [&](int64_t line) { return pieces.is_array() ? rows_before + line : piece->LineOfBody(line); }));
    if (first && is_csv && HeaderWasRefused(*piece, writer->outcome())) return Status::OK();
  }
}

}  // namespace gigapi
