#include "server/import/importer.h"

#include "base/clock.h"
#include "base/guarded.h"
#include "model/names.h"
#include "server/decoding_reader.h"
#include "server/import/arrow_import.h"
#include "server/import/text_import.h"
#include "server/import/text_pieces.h"

namespace gigapi {

ImportOutcome Importer::Run(const ImportRequest& request, http::BodyReader* body) const {
  ImportWriterOptions writer_options = request.writer;
  writer_options.stopping = &stopping_;
  writer_options.stats = stats_;
  ImportWriter writer(std::move(writer_options), lake_);
  DecodingReader decoded(request.content_encoding, limits_.body_bytes_max, body);
  ParseOptions options = request.parse;
  options.now_ns = WallNanos();
  options.line_bytes_max = limits_.line_bytes_max;
  options.columns_per_table_max = limits_.columns_per_table_max;
  Status status = ValidateDatabaseName(request.writer.database);
  if (status.ok()) status = Guarded([&] { return RunFormat(request, options, &decoded, &writer); });
  return writer.Take(std::move(status));
}

Status Importer::RunFormat(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body,
                           ImportWriter* writer) const {
  if (request.media_type == kParquetMediaType) return ImportParquet(request, options, limits_, body, writer);
  if (request.media_type == kArrowMediaType) return ImportArrow(request, options, body, writer);
  if (!TextPieces::Knows(request.media_type)) return RunWhole(request, options, body, writer);
  return ImportText(request, options, parsers_->Find(request.media_type), body, writer);
}

Status Importer::RunWhole(const ImportRequest& request, const ParseOptions& options, http::BodyReader* body,
                          ImportWriter* writer) const {
  PodVector<char> whole;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, body->Next());
    if (bytes.empty()) break;
    if (static_cast<int64_t>(whole.size() + bytes.size()) > limits_.whole_bytes_max) {
      return Errorf(ErrorKind::kTooLarge, "a body of {} is read whole, and must not be larger than {} bytes",
                    request.media_type, limits_.whole_bytes_max);
    }
    whole.Append(bytes.data(), bytes.size());
  }
  const Parser& parse = parsers_->Find(request.media_type);
  return writer->Write(
      [&](const SchemaSource& schemas) {
        return parse({whole.data(), whole.size()}, options, schemas);
      },
      [](int64_t line) { return line; });
}

}  // namespace gigapi
