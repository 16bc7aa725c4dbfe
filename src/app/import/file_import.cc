#include "app/import/file_import.h"

#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>

#include "app/import/file_reader.h"
#include "app/stop_signal.h"
#include "base/crc32c.h"
#include "base/percent_encoding.h"
#include "ingest/arrow_rows.h"
#include "server/decoding_reader.h"
#include "server/import/text_pieces.h"
#include "server/parser_registry.h"

namespace gigapi {
namespace {

constexpr size_t kStartBytes = 4 << 10;
constexpr std::string_view kStandardInput = "-";

struct Extension {
  std::string_view text;
  std::string_view format;
};
constexpr Extension kExtensions[] = {
    {".annotated.csv", "annotated_csv"},
    {".lp", "lp"},
    {".line", "lp"},
    {".influx", "lp"},
    {".txt", "lp"},
    {".csv", "csv"},
    {".tsv", "csv"},
    {".ndjson", "ndjson"},
    {".jsonl", "ndjson"},
    {".json", "json"},
    {".parquet", "parquet"},
    {".arrow", "arrow"},
    {".arrows", "arrow"},
    {".ipc", "arrow"},
    {".feather", "arrow"},
    {".msgpack", "msgpack"},
    {".mp", "msgpack"},
};

std::string_view WithoutCompression(std::string_view name) {
  for (const std::string_view ending : {".gz", ".zst", ".zstd"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return name;
}

/// "cpu" of "data/cpu.csv.gz": the table of rows that do not name theirs.
std::string TableOfName(const std::string& path) {
  const std::string name(WithoutCompression(std::filesystem::path(path).filename().string()));
  return name.substr(0, name.find('.'));
}

Status CheckInterrupted() { return StopSignalPending() ? Error(ErrorKind::kCancelled, "interrupted") : Status::OK(); }

/// The file as the state knows it: the same by its first bytes.
Result<uint32_t> StartCrcOf(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, FileReader::Open(path));
  ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, file->Next());
  const std::string_view start = bytes.substr(0, kStartBytes);
  return Crc32c(start);
}

class FileImport {
 public:
  FileImport(const std::string& path, const FileImportOptions& options, int64_t bytes_before, const ImportParts& parts)
      : path_(path), options_(options), bytes_before_(bytes_before), parts_(parts) {}

  Status Run() {
    format_ = options_.format;
    if (format_.empty()) {
      ARROW_ASSIGN_OR_RAISE(format_, FormatOfName(path_));
    }
    ARROW_RETURN_NOT_OK(FindSource());
    if (source_->done) return Status::OK();
    ARROW_RETURN_NOT_OK(Send());
    source_->done = true;
    return parts_.state->Save();
  }

 private:
  Status FindSource() {
    if (path_ == kStandardInput) {
      source_ = &standard_input_;
      return Status::OK();
    }
    source_ = &parts_.state->Source(std::filesystem::absolute(path_).lexically_normal().string());
    ARROW_ASSIGN_OR_RAISE(const uint32_t crc, StartCrcOf(path_));
    if (source_->position > 0 && source_->start_crc != crc) {
      return Errorf(ErrorKind::kInvalidArgument, "{} is not the file of which a part was imported before", path_);
    }
    source_->start_crc = crc;
    return Status::OK();
  }

  Status Send() {
    ARROW_ASSIGN_OR_RAISE(const std::string media_type, MediaTypeOfFormat(format_));
    if (media_type == kParquetMediaType) return SendParquet();
    ARROW_ASSIGN_OR_RAISE(file_, FileReader::Open(path_));
    DecodingReader decoded("", std::numeric_limits<int64_t>::max(), file_.get());
    if (media_type == kArrowMediaType) return SendArrow();
    if (TextPieces::Knows(media_type)) return SendText(media_type, &decoded);
    return SendWhole(&decoded);
  }

  std::string Parameters() const {
    const bool rows_name_it = format_ != "csv" && format_ != "parquet" && format_ != "arrow";
    std::string table = options_.table;
    if (table.empty() && !rows_name_it && path_ != kStandardInput) table = TableOfName(path_);
    return table.empty() ? "" : "&measurement=" + PercentEncode(table);
  }

  // ---- text ----

  Status SendText(const std::string& media_type, http::BodyReader* decoded) {
    TextPieces pieces({media_type, options_.delimiter, options_.skip_rows, options_.piece_bytes}, decoded);
    while (true) {
      ARROW_RETURN_NOT_OK(CheckInterrupted());
      ARROW_ASSIGN_OR_RAISE(const std::optional<Piece> piece, pieces.Next());
      if (!piece) return Status::OK();
      if (piece->end <= source_->position) continue;
      std::string parameters = Parameters();
      if (pieces.delimiter() != 0) parameters += "&delimiter=" + PercentEncode(std::string(1, pieces.delimiter()));
      ARROW_RETURN_NOT_OK(piece->begin < source_->position ? SendRest(*piece, pieces.prefix(), parameters)
                                                           : SendPiece(*piece, piece->bytes, parameters));
    }
  }

  /// A part of the piece has been sent before, by an import that found the file shorter.
  Status SendRest(const Piece& piece, const std::string& prefix, const std::string& parameters) {
    if (format_ == "annotated_csv") return Errorf(ErrorKind::kInvalidArgument, "{} has changed", path_);
    const auto sent = static_cast<size_t>(source_->position - piece.begin);
    const std::string_view records = piece.records();
    const int64_t lines_sent = std::count(records.begin(), records.begin() + static_cast<int64_t>(sent), '\n');
    const int64_t prefix_lines = std::count(prefix.begin(), prefix.end(), '\n');
    Piece rest = piece;
    rest.first_line += lines_sent;
    rest.prefix_lines = prefix_lines;
    return SendPiece(rest, prefix + std::string(records.substr(sent)), parameters);
  }

  Status SendPiece(const Piece& piece, std::string_view body, const std::string& parameters) {
    ARROW_ASSIGN_OR_RAISE(SentPiece sent, parts_.sender->Send(format_, parameters, body));
    for (RefusedLine& line : sent.refused) line.line = piece.LineOfBody(line.line);
    return Note(std::move(sent), piece.end, file_->bytes_read());
  }

  Status Note(SentPiece sent, int64_t position, int64_t bytes_read) {
    source_->position = position;
    source_->rows += sent.rows;
    source_->refused_rows += sent.refused_rows;
    // First what is acknowledged: a kill from here on repeats nothing.
    if (path_ != kStandardInput) ARROW_RETURN_NOT_OK(parts_.state->Save());
    parts_.progress->Reject(path_, sent.refused, sent.refused_rows - static_cast<int64_t>(sent.refused.size()));
    parts_.progress->Advance(bytes_before_ + bytes_read, sent.rows);
    return Status::OK();
  }

  /// MessagePack.
  Status SendWhole(http::BodyReader* decoded) {
    std::string body;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, decoded->Next());
      if (bytes.empty()) break;
      body.append(bytes);
    }
    ARROW_ASSIGN_OR_RAISE(SentPiece sent, parts_.sender->Send(format_, Parameters(), body));
    return Note(std::move(sent), static_cast<int64_t>(body.size()), file_->bytes_read());
  }

  // ---- Arrow and Parquet ----

  Status SendParquet() {
    ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path_));
    ARROW_ASSIGN_OR_RAISE(const auto batches, ReadParquetFile(file, arrow::default_memory_pool()));
    return SendBatches(batches.get(), [&]() -> int64_t { return file->Tell().ValueOr(0); });
  }

  Status SendArrow() {
    ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path_ == kStandardInput ? "/dev/stdin" : path_));
    ARROW_ASSIGN_OR_RAISE(const auto buffered,
                          arrow::io::BufferedInputStream::Create(1 << 20, arrow::default_memory_pool(), file));
    ARROW_ASSIGN_OR_RAISE(const auto batches, ReadArrowStream(buffered.get(), arrow::default_memory_pool()));
    return SendBatches(batches.get(), [&]() -> int64_t { return buffered->Tell().ValueOr(0); });
  }

  template <typename Position>
  Status SendBatches(arrow::RecordBatchReader* batches, const Position& position) {
    int64_t rows_before = 0;
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
      if (batch == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(CheckInterrupted());
      rows_before += batch->num_rows();
      if (rows_before <= source_->position) continue;
      ARROW_RETURN_NOT_OK(SendBatch(*batch, rows_before, position()));
    }
  }

  Status SendBatch(const arrow::RecordBatch& batch, int64_t rows_after, int64_t bytes_read) {
    ARROW_ASSIGN_OR_RAISE(const auto out, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(out, batch.schema()));
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(batch));
    ARROW_RETURN_NOT_OK(writer->Close());
    ARROW_ASSIGN_OR_RAISE(const auto body, out->Finish());
    ARROW_ASSIGN_OR_RAISE(SentPiece sent, parts_.sender->Send("arrow", Parameters(), std::string_view(*body)));
    for (RefusedLine& line : sent.refused) line.line += rows_after - batch.num_rows();
    return Note(std::move(sent), rows_after, bytes_read);
  }

  const std::string path_;
  const FileImportOptions& options_;
  const int64_t bytes_before_;
  const ImportParts parts_;
  std::string format_;
  ImportedSource standard_input_;
  ImportedSource* source_ = nullptr;
  std::unique_ptr<FileReader> file_;
};

}  // namespace

Result<std::string> FormatOfName(const std::string& path) {
  if (path == kStandardInput) return Error(ErrorKind::kInvalidArgument, "say what standard input is, by --format");
  const std::string_view name = WithoutCompression(path);
  for (const Extension& extension : kExtensions) {
    if (name.ends_with(extension.text)) return std::string(extension.format);
  }
  return Errorf(ErrorKind::kInvalidArgument, "{}: the name does not say the format; say it by --format", path);
}

Status ImportFile(const std::string& path, const FileImportOptions& options, int64_t bytes_before,
                  const ImportParts& parts) {
  return FileImport(path, options, bytes_before, parts).Run();
}

}  // namespace gigapi
