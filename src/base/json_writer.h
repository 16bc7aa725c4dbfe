// Writes small JSON documents: metadata, status pages. Results of queries have an encoder of their own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi {

/// Appends a JSON string, quoted and escaped. A byte that is not UTF-8 becomes U+FFFD: JSON has no other bytes.
void AppendJsonString(std::string_view text, std::string* out);

/// Builds a document in order. Commas are its business; nesting is the caller's.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Shut('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Shut(']'); }
  JsonWriter& Key(std::string_view key) {
    Separate();
    AppendJsonString(key, &out_);
    out_ += ':';
    separate_ = false;
    return *this;
  }
  JsonWriter& String(std::string_view text) {
    Separate();
    AppendJsonString(text, &out_);
    return *this;
  }
  JsonWriter& Integer(int64_t value) { return Literal(std::to_string(value)); }
  JsonWriter& Unsigned(uint64_t value) { return Literal(std::to_string(value)); }
  JsonWriter& Bool(bool value) { return Literal(value ? "true" : "false"); }
  JsonWriter& Null() { return Literal("null"); }
  JsonWriter& Literal(std::string_view json) {
    Separate();
    out_ += json;
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  JsonWriter& Open(char c) {
    Separate();
    out_ += c;
    separate_ = false;
    return *this;
  }
  JsonWriter& Shut(char c) {
    out_ += c;
    separate_ = true;
    return *this;
  }
  void Separate() {
    if (separate_) out_ += ',';
    separate_ = true;
  }

  std::string out_;
  bool separate_ = false;
};

}  // namespace gigapi
