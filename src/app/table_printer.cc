#include "app/table_printer.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

namespace gigapi {
namespace {

/// Code points, near enough to columns on a screen.
size_t Width(std::string_view text) {
  return std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; });
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (const unsigned char c : text) {
    if (c == '\n') printable += "\\n";
    else if (c == '\t') printable += "\\t";
    else if (c < 0x20 || c == 0x7F) printable += fmt::format("\\x{:02x}", c);
    else printable += static_cast<char>(c);
  }
  return printable;
}

Result<std::string> Cell(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return std::string("NULL");
  if (column.type_id() == arrow::Type::DICTIONARY) {
    const auto& encoded = static_cast<const arrow::DictionaryArray&>(column);
    return Cell(*encoded.dictionary(), encoded.GetValueIndex(row));
  }
  ARROW_ASSIGN_OR_RAISE(const auto scalar, column.GetScalar(row));
  return Printable(scalar->ToString());
}

std::string Pad(const std::string& text, size_t width, bool right) {
  const std::string blanks(width - std::min(width, Width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

TablePrinter::TablePrinter(const arrow::Schema& schema, int64_t rows_shown_max) : rows_shown_max_(rows_shown_max) {
  for (const auto& field : schema.fields()) {
    const auto id = field->type()->id();
    columns_.push_back({Printable(field->name()), arrow::is_numeric(id) || arrow::is_decimal(id), {}});
  }
}

Status TablePrinter::Add(const arrow::RecordBatch& batch) {
  rows_ += batch.num_rows();
  const int64_t shown = std::min(batch.num_rows(), rows_shown_max_ - rows_shown_);
  for (int64_t row = 0; row < shown; ++row) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(std::string cell, Cell(*batch.column(static_cast<int>(i)), row));
      columns_[i].cells.push_back(std::move(cell));
    }
  }
  rows_shown_ += shown;
  return Status::OK();
}

std::string TablePrinter::Format() const {
  std::vector<size_t> widths;
  for (const auto& column : columns_) {
    size_t width = Width(column.name);
    for (const auto& cell : column.cells) width = std::max(width, Width(cell));
    widths.push_back(width);
  }
  const auto line = [&](std::string_view between, const auto& text_of) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text += between;
      text += text_of(i);
    }
    while (text.ends_with(' ')) text.pop_back();
    return text + "\n";
  };
  std::string text = line(" | ", [&](size_t i) { return Pad(columns_[i].name, widths[i], columns_[i].right); });
  text += line("-+-", [&](size_t i) { return std::string(widths[i], '-'); });
  for (int64_t row = 0; row < rows_shown_; ++row) {
    text += line(" | ", [&](size_t i) { return Pad(columns_[i].cells[row], widths[i], columns_[i].right); });
  }
  if (rows_shown_ < rows_) return text + fmt::format("({} of {} rows)\n", rows_shown_, rows_);
  return text + fmt::format("({} row{})\n", rows_, rows_ == 1 ? "" : "s");
}

}  // namespace gigapi
