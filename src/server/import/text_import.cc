#include "server/import/text_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "ingest/csv_reader.h"
#include "ingest/row_options.h"

namespace gigapi {
namespace {

struct TextFormat {
  std::string_view media_type;
  PieceOptions pieces;
};

constexpr PieceOptions kJsonPieces = {.boundary = EndOfJsonRows, .closing = ']'};
constexpr PieceOptions kLinePieces = {.boundary = EndOfLineProtocol};
constexpr PieceOptions kCsvPieces = {.boundary = EndOfCsvRecords};

const TextFormat kFormats[] = {
    {kLineProtocolMediaType, kLinePieces},
    {kCsvMediaType, kCsvPieces},
    {kJsonMediaType, kJsonPieces},
    {kNdjsonMediaType, {.boundary = EndOfLines}},
};

/// Where CSV's header stands in the first piece, and what it names.
struct CsvHeader {
  std::string_view text;
  std::vector<std::string> names;
};

Result<CsvHeader> FindHeader(std::string_view text, char delimiter, int64_t skip_records) {
  CsvReader in(text, delimiter);
  for (int64_t i = 0; i <= skip_records; ++i) {
    if (!in.Next()) return Error(ErrorKind::kInvalidArgument, "file is empty");
  }
  CsvHeader header{in.text(), {}};
  for (const CsvField& field : in.fields()) header.names.emplace_back(field.text);
  return header;
}

/// Without a column of times every row would get the time of the import.
Status CheckTime(const CsvHeader& header, const ParseOptions& options) {
  const auto has = [&](std::string_view name) {
    return std::find(header.names.begin(), header.names.end(), name) != header.names.end();
  };
  if (options.types.find("time") != std::string::npos) return Status::OK();  // the parser looks closer
  const bool found =
      options.time_column.empty() ? std::any_of(kTimeNames.begin(), kTimeNames.end(), has) : has(options.time_column);
  if (found) return Status::OK();
  std::string names;
  for (const std::string& name : header.names) names.append(names.empty() ? "" : ", ").append(name);
  return Errorf(ErrorKind::kInvalidArgument, "time column \"{}\" not found in file; available columns: {}",
                options.time_column.empty() ? "time" : options.time_column, names.substr(0, 1'000));
}

Status WritePiece(const Piece& piece, std::string_view text, int64_t lines_before, const ParseOptions& options,
                  const Parser& parse, ImportWriter* writer) {
  return writer->Write([&](const SchemaSource& schemas) { return parse(text, options, schemas); },
                       [&](int64_t line) { return piece.LineOfBody(line + lines_before); });
}

/// The first piece tells the header, which all later ones repeat.
Status ImportCsv(const ImportRequest& request, ParseOptions options, const Parser& parse, PieceReader* pieces,
                 ImportWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(std::optional<Piece> piece, pieces->Next());
  if (!piece) return Error(ErrorKind::kInvalidArgument, "file is empty");
  if (options.delimiter == 0) options.delimiter = SniffDelimiter(piece->bytes);
  ARROW_ASSIGN_OR_RAISE(const CsvHeader header, FindHeader(piece->bytes, options.delimiter, request.skip_records));
  if (request.needs_time) ARROW_RETURN_NOT_OK(CheckTime(header, options));
  pieces->SetPrefix(std::string(header.text) + "\n");
  const auto skipped = static_cast<size_t>(header.text.data() - piece->bytes.data());
  const int64_t skipped_lines = std::count(piece->bytes.begin(), piece->bytes.begin() + static_cast<int64_t>(skipped), '\n');
  ARROW_RETURN_NOT_OK(WritePiece(*piece, piece->bytes.substr(skipped), skipped_lines, options, parse, writer));
  // A header that cannot be used refuses all: what it says of the first piece it would say of each.
  const ImportOutcome& outcome = writer->outcome();
  const bool unusable =
      outcome.imported_rows == 0 && outcome.refused_rows == 1 && outcome.refused[0].line == skipped_lines + 1;
  if (unusable) return Status::OK();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(piece, pieces->Next());
    if (!piece) return Status::OK();
    ARROW_RETURN_NOT_OK(WritePiece(*piece, piece->bytes, 0, options, parse, writer));
  }
}

bool IsJsonArray(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '[';
}

}  // namespace

const PieceOptions* PieceOptionsOf(std::string_view media_type) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const TextFormat& format) { return format.media_type == media_type; });
  return found == std::end(kFormats) ? nullptr : &found->pieces;
}

Status ImportText(const ImportRequest& request, const ParseOptions& options, const Parser& parse, PieceReader* pieces,
                  ImportWriter* writer) {
  if (request.media_type == kCsvMediaType) return ImportCsv(request, options, parse, pieces, writer);
  for (bool first = true;; first = false) {
    ARROW_ASSIGN_OR_RAISE(const std::optional<Piece> piece, pieces->Next());
    if (!piece) return Status::OK();
    if (first && request.media_type == kJsonMediaType && IsJsonArray(piece->bytes)) pieces->SetPrefix("[");
    ARROW_RETURN_NOT_OK(WritePiece(*piece, piece->bytes, 0, options, parse, writer));
  }
}

}  // namespace gigapi
