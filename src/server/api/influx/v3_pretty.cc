#include <algorithm>
#include <string>
#include <vector>

#include "server/api/influx/v3_formats.h"
#include "server/encode/cell.h"
#include "server/encode/other_value.h"

namespace gigapi::influx {
namespace {

/// As many columns of a screen as characters.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string TextOf(const Cells& cells, int64_t row) {
  if (!cells.IsValid(row) || cells.kind == CellKind::kNull) return {};
  if (cells.kind == CellKind::kString || cells.kind == CellKind::kLargeString || cells.kind == CellKind::kStringView) {
    return std::string(cells.String(row));
  }
  std::string json;
  AppendJsonValue(*cells.array, row, TimeFormat::kRfc3339, &json);
  if (json.size() < 2 || json.front() != '"') return json;
  json = json.substr(1, json.size() - 2);
  const bool zone = cells.array->type_id() == arrow::Type::TIMESTAMP && json.ends_with('Z');
  if (zone) json.pop_back();
  return json;
}

class Pretty final : public ResultEncoder {
 public:
  Pretty(const arrow::Schema& schema, size_t bytes_max) : bytes_max_(bytes_max), lines_(1) {
    for (const auto& field : schema.fields()) Add(field->name(), &lines_[0]);
  }

  std::string_view content_type() const override { return "text/plain; charset=utf-8"; }
  Status Begin(OutputBuffer*) override { return Status::OK(); }

  Result<int64_t> Encode(const arrow::RecordBatch& batch, int64_t row, size_t, OutputBuffer*) override {
    std::vector<Cells> columns;
    for (const auto& column : batch.columns()) columns.push_back(MakeCells(*column, TimeFormat::kRfc3339));
    for (; row < batch.num_rows(); ++row) {
      auto& line = lines_.emplace_back();
      for (const Cells& cells : columns) Add(TextOf(cells, row), &line);
      if (bytes_ > bytes_max_) {
        return Errorf(ErrorKind::kTooLarge,
                      "the result has more than {} bytes, which is the limit of pretty: use another format", bytes_max_);
      }
    }
    return batch.num_rows();
  }

  Result<bool> End(size_t bytes_wanted, OutputBuffer* out) override {
    if (next_ == 0) Rule(out);
    for (; next_ < lines_.size(); ++next_) {
      if (out->size() >= bytes_wanted) return false;
      for (size_t i = 0; i < widths_.size(); ++i) {
        const std::string& text = lines_[next_][i];
        out->Append("| " + text + std::string(widths_[i] - Width(text) + 1, ' '));
      }
      out->Append("|\n");
      if (next_ == 0) Rule(out);
    }
    Rule(out);
    return true;
  }

 private:
  void Add(std::string text, std::vector<std::string>* line) {
    if (widths_.size() == line->size()) widths_.push_back(0);
    widths_[line->size()] = std::max(widths_[line->size()], Width(text));
    bytes_ += text.size() + sizeof(std::string);
    line->push_back(std::move(text));
  }

  void Rule(OutputBuffer* out) const {
    for (const size_t width : widths_) out->Append("+" + std::string(width + 2, '-'));
    out->Append("+\n");
  }

  const size_t bytes_max_;
  std::vector<std::vector<std::string>> lines_;  // the first: the names
  std::vector<size_t> widths_;
  size_t bytes_ = 0;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<ResultEncoder> MakePrettyEncoder(const arrow::Schema& schema, size_t bytes_max) {
  return std::make_unique<Pretty>(schema, bytes_max);
}

}  // namespace gigapi::influx
