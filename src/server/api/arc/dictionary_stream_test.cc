#include "server/api/arc/dictionary_stream.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

namespace gigapi::arc {
namespace {

/// Batches of one column; "" is null.
class Texts final : public QueryStream {
 public:
  explicit Texts(std::vector<std::vector<std::string>> batches) : batches_(std::move(batches)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (next_ == batches_.size()) return nullptr;
    arrow::StringBuilder builder;
    for (const std::string& text : batches_[next_]) {
      ARROW_RETURN_NOT_OK(text.empty() ? builder.AppendNull() : builder.Append(text));
    }
    ++next_;
    ARROW_ASSIGN_OR_RAISE(auto column, builder.Finish());
    const int64_t rows = column->length();
    return arrow::RecordBatch::Make(schema_, rows, {std::move(column)});
  }

 private:
  const std::vector<std::vector<std::string>> batches_;
  const std::shared_ptr<arrow::Schema> schema_ = arrow::schema({arrow::field("host", arrow::utf8())});
  size_t next_ = 0;
};

std::vector<std::string> Repeating(size_t rows, size_t values) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < rows; ++i) texts.push_back("host" + std::to_string(i % values));
  return texts;
}

std::string TypeOf(std::vector<std::vector<std::string>> batches) {
  return WithDictionaries(std::make_unique<Texts>(std::move(batches))).ValueOrDie()->schema()->field(0)->type()->ToString();
}

TEST(DictionaryStream, ChoosesColumnsThatRepeat) {
  EXPECT_EQ(TypeOf({Repeating(1000, 10)}), "dictionary<values=string, indices=int32, ordered=0>");
  EXPECT_EQ(TypeOf({Repeating(1000, 250)}), "dictionary<values=string, indices=int32, ordered=0>");
  EXPECT_EQ(TypeOf({Repeating(1000, 251)}), "string");
  EXPECT_EQ(TypeOf({Repeating(255, 1)}), "string");
  EXPECT_EQ(TypeOf({}), "string");
}

TEST(DictionaryStream, GrowsOneDictionary) {
  auto stream = WithDictionaries(std::make_unique<Texts>(std::vector<std::vector<std::string>>{
                                     Repeating(300, 2), {"host1", "", "new"}, {"new"}}))
                    .ValueOrDie();
  const auto next = [&] { return std::static_pointer_cast<arrow::DictionaryArray>((*stream->Next())->column(0)); };
  const auto first = next(), second = next(), third = next();
  EXPECT_EQ(first->dictionary()->length(), 2);
  EXPECT_EQ(second->GetValueIndex(0), 1);
  EXPECT_TRUE(second->IsNull(1));
  EXPECT_EQ(second->GetValueIndex(2), 2);
  EXPECT_EQ(third->dictionary()->data(), second->dictionary()->data()) << "what has not grown is not sent again";
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*third->dictionary()).GetView(2), "new");
  EXPECT_EQ(*stream->Next(), nullptr);
}

}  // namespace
}  // namespace gigapi::arc
