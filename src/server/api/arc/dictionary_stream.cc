#include "server/api/arc/dictionary_stream.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gigapi::arc {
namespace {

/// Arc's limits: what is shorter gains nothing, and what has more values, or repeats less, would lose.
constexpr int64_t kRowsMin = 256;
constexpr int64_t kValuesMax = 4'096;
constexpr int64_t kRowsPerValueMin = 4;
constexpr size_t kDictionaryBytesMax = 64 << 20;

bool Repeats(const arrow::Array& column) {
  if (column.type_id() != arrow::Type::STRING || column.length() < kRowsMin) return false;
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  const auto values_max = static_cast<size_t>(std::min(kValuesMax, column.length() / kRowsPerValueMin));
  std::unordered_set<std::string_view> values;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsValid(row) && values.insert(texts.GetView(row)).second && values.size() > values_max) return false;
  }
  return true;
}

/// The values of one column so far.
class GrowingDictionary {
 public:
  Result<std::shared_ptr<arrow::Array>> Encode(const arrow::StringArray& texts) {
    arrow::Int32Builder indices;
    ARROW_RETURN_NOT_OK(indices.Reserve(texts.length()));
    const size_t known = values_.size();
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) indices.UnsafeAppendNull();
      else indices.UnsafeAppend(IndexOf(texts.GetView(row)));
    }
    if (bytes_ > kDictionaryBytesMax) {
      return Error(ErrorKind::kTooLarge, "a column has too many values for x-arc-arrow-dictionary: ask without it");
    }
    if (array_ == nullptr || values_.size() > known) ARROW_RETURN_NOT_OK(Rebuild());
    ARROW_ASSIGN_OR_RAISE(auto encoded, indices.Finish());
    return arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), arrow::utf8()), std::move(encoded), array_);
  }

 private:
  int32_t IndexOf(std::string_view text) {
    const auto found = index_.find(text);
    if (found != index_.end()) return found->second;
    const auto index = static_cast<int32_t>(values_.size());
    index_.emplace(values_.emplace_back(text), index);
    bytes_ += text.size() + sizeof(std::string);
    return index;
  }

  Status Rebuild() {
    arrow::StringBuilder builder;
    for (const std::string& value : values_) ARROW_RETURN_NOT_OK(builder.Append(value));
    return builder.Finish(&array_);
  }

  std::deque<std::string> values_;  // which index_ looks at
  std::unordered_map<std::string_view, int32_t> index_;
  size_t bytes_ = 0;
  std::shared_ptr<arrow::Array> array_;
};

class DictionaryStream final : public QueryStream {
 public:
  explicit DictionaryStream(std::unique_ptr<QueryStream> rows) : rows_(std::move(rows)), schema_(rows_->schema()) {}

  Status Open() {
    ARROW_ASSIGN_OR_RAISE(first_, rows_->Next());
    dictionaries_.resize(static_cast<size_t>(schema_->num_fields()));
    if (first_ == nullptr) return Status::OK();
    arrow::FieldVector fields = schema_->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!Repeats(*first_->column(static_cast<int>(i)))) continue;
      dictionaries_[i].emplace();
      fields[i] = fields[i]->WithType(arrow::dictionary(arrow::int32(), arrow::utf8()));
    }
    schema_ = arrow::schema(std::move(fields), schema_->metadata());
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    auto batch = std::exchange(first_, nullptr);
    if (batch == nullptr) {
      ARROW_ASSIGN_OR_RAISE(batch, rows_->Next());
    }
    if (batch == nullptr) return nullptr;
    arrow::ArrayVector columns = batch->columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!dictionaries_[i]) continue;
      ARROW_ASSIGN_OR_RAISE(columns[i], dictionaries_[i]->Encode(static_cast<const arrow::StringArray&>(*columns[i])));
    }
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
  }

 private:
  const std::unique_ptr<QueryStream> rows_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> first_;
  std::vector<std::optional<GrowingDictionary>> dictionaries_;  // of the columns that have one
};

}  // namespace

Result<std::unique_ptr<QueryStream>> WithDictionaries(std::unique_ptr<QueryStream> rows) {
  auto stream = std::make_unique<DictionaryStream>(std::move(rows));
  ARROW_RETURN_NOT_OK(stream->Open());
  return stream;
}

}  // namespace gigapi::arc
