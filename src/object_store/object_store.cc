#include "object_store/object_store.h"

#include <algorithm>

#include "base/utf8.h"
#include "object_store/for_each_object.h"

namespace gigapi {
namespace {

constexpr size_t kKeyBytesMax = 900;      // S3 takes 1,024 with the store's own prefix
constexpr size_t kSegmentBytesMax = 200;  // a disk takes 255, of which a temporary name needs 41

bool IsForbidden(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return code < 0x20 || code == 0x7f || byte == '\\';
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = Utf8SequenceBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

}  // namespace

Status CheckObjectKey(std::string_view key) {
  const auto refuse = [](std::string_view why) {
    return Errorf(ErrorKind::kInvalidArgument, "the key of an object {}", why);
  };
  if (key.empty()) return refuse("must not be empty");
  if (key.size() > kKeyBytesMax) return refuse("has more than 900 bytes");
  if (std::any_of(key.begin(), key.end(), IsForbidden) || !IsUtf8(key)) {
    return refuse("must be UTF-8 without control characters and backslashes");
  }
  if (key.ends_with(".tmp")) return refuse("must not end with .tmp");
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view segment = key.substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") return refuse("must not have segments '', '.' or '..'");
    if (segment.size() > kSegmentBytesMax) return refuse("has a segment of more than 200 bytes");
    begin = end + 1;
  }
  return Status::OK();
}

Status CheckObjectPrefix(std::string_view prefix) {
  if (prefix.empty()) return Status::OK();
  if (!prefix.ends_with('/')) return Error(ErrorKind::kInvalidArgument, "a prefix of objects must end with a slash");
  return CheckObjectKey(prefix.substr(0, prefix.size() - 1));
}

Status PutObject(ObjectStore* store, const std::string& key, std::string_view content) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, store->Create(key));
  ARROW_RETURN_NOT_OK(writer->Append(content));
  return writer->Commit();
}

Result<std::vector<ObjectInfo>> ListAll(ObjectStore* store, const std::string& prefix) {
  std::vector<ObjectInfo> objects;
  ARROW_RETURN_NOT_OK(ForEachObject(store, prefix, [&](ObjectInfo object) {
    objects.push_back(std::move(object));
    return Status::OK();
  }));
  return objects;
}

}  // namespace gigapi
