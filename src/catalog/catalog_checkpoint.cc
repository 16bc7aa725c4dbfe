#include "catalog/catalog_checkpoint.h"

#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/crc32c.h"

namespace gigapi {
namespace {

constexpr std::string_view kFirstName = "first";
constexpr std::string_view kFromName = "from/";
// A part: a line "gigapi checkpoint <format> <bytes> <write id>", then that many bytes of entries, compressed by zstd with
// its own checksum. An entry: three times the length of a text in four bytes, little-endian, then the texts.
constexpr std::string_view kMagic = "gigapi checkpoint ";
constexpr uint64_t kFormat = 1;
constexpr int kZstdLevel = 3;
constexpr uint32_t kObjectsOfAPart = 256;
constexpr uint64_t kPartBytesMax = 16 << 20;  // unless one object alone has more
constexpr uint64_t kEntryBytesMax = 3 * ObjectStore::kSmallObjectBytesMax;
constexpr size_t kLengthBytes = 4;

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

/// Of every kObjectsOfAPart keys about one.
bool IsBoundary(const std::string& key) { return Crc32c(key) % kObjectsOfAPart == 0; }

void AppendText(std::string_view text, std::string* out) {
  const auto size = static_cast<uint32_t>(text.size());
  for (size_t i = 0; i < kLengthBytes; ++i) *out += static_cast<char>(size >> 8 * i);
  *out += text;
}

bool TakeText(std::string_view* rest, std::string_view* text) {
  if (rest->size() < kLengthBytes) return false;
  uint32_t size = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) size |= uint32_t{static_cast<unsigned char>((*rest)[i])} << 8 * i;
  rest->remove_prefix(kLengthBytes);
  if (rest->size() < size) return false;
  *text = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

bool TakeNumber(std::string_view* rest, uint64_t* number) {
  const auto parsed = std::from_chars(rest->data(), rest->data() + rest->size(), *number);
  if (parsed.ec != std::errc() || parsed.ptr == rest->data() + rest->size() || *parsed.ptr != ' ') return false;
  rest->remove_prefix(static_cast<size_t>(parsed.ptr - rest->data()) + 1);
  return true;
}

Status Damaged() { return Error(ErrorKind::kInvalidArgument, "a part of the catalog's checkpoint is damaged"); }

std::string Compress(std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kZstdLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), compressed.data(), compressed.size(), bytes.data(), bytes.size());
  compressed.resize(ZSTD_isError(size) != 0U ? 0 : size);
  return compressed;
}

}  // namespace

std::string CheckpointPartKey(const std::string& begin) {
  return begin.empty() ? std::string(kCheckpointPrefix).append(kFirstName)
                       : std::string(kCheckpointPrefix).append(kFromName).append(begin);
}

std::optional<std::string> ParseCheckpointPartKey(std::string_view key) {
  if (!key.starts_with(kCheckpointPrefix)) return std::nullopt;
  key.remove_prefix(kCheckpointPrefix.size());
  if (key == kFirstName) return "";
  if (!key.starts_with(kFromName) || key.size() == kFromName.size()) return std::nullopt;
  return std::string(key.substr(kFromName.size()));
}

std::vector<CheckpointRange> CutIntoParts(std::vector<ObjectInfo> objects) {
  std::vector<CheckpointRange> ranges;
  uint64_t bytes = 0;
  for (ObjectInfo& object : objects) {
    // The first part has no key in its name, so that it stays the same part when its first objects go, as they do with age.
    const bool is_full = !ranges.empty() && bytes + object.size_bytes > kPartBytesMax;
    if (ranges.empty() || is_full || IsBoundary(object.key)) {
      ranges.push_back({.begin = ranges.empty() ? "" : object.key, .there = {}});
      bytes = 0;
    }
    bytes += object.size_bytes;
    ranges.back().there.push_back(std::move(object));
  }
  return ranges;
}

std::string EncodeCheckpointPart(const std::vector<CheckpointEntry>& entries, std::string_view write_id) {
  std::string bytes;
  for (const CheckpointEntry& entry : entries) {
    AppendText(entry.key, &bytes);
    AppendText(entry.version, &bytes);
    AppendText(entry.content, &bytes);
  }
  return fmt::format("{}{} {} {}\n", kMagic, kFormat, bytes.size(), write_id) + Compress(bytes);
}

Result<UnpackedCheckpointPart> UnpackCheckpointPart(std::string_view part) {
  const size_t line_end = part.find('\n');
  if (!part.starts_with(kMagic) || line_end == std::string_view::npos) return Damaged();
  std::string_view line = part.substr(kMagic.size(), line_end - kMagic.size());
  uint64_t format = 0, size = 0;
  if (!TakeNumber(&line, &format) || format == 0) return Damaged();
  if (format > kFormat) {
    return Errorf(ErrorKind::kUnsupported, "a newer version has written the catalog's checkpoint, of format {}", format);
  }
  if (!TakeNumber(&line, &size) || size > kEntryBytesMax) return Damaged();
  UnpackedCheckpointPart unpacked{.bytes = PodVector<char>(size), .entries = {}};
  const std::string_view packed = part.substr(line_end + 1);
  const size_t unpacked_bytes = ZSTD_decompress(unpacked.bytes.data(), size, packed.data(), packed.size());
  if (ZSTD_isError(unpacked_bytes) != 0U || unpacked_bytes != size) return Damaged();
  for (std::string_view rest(unpacked.bytes.data(), size); !rest.empty();) {
    UnpackedCheckpointPart::Entry entry;
    if (!TakeText(&rest, &entry.key) || !TakeText(&rest, &entry.version) || !TakeText(&rest, &entry.content)) {
      return Damaged();
    }
    unpacked.entries.push_back(entry);
  }
  return unpacked;
}

Result<std::vector<CheckpointEntry>> DecodeCheckpointPart(std::string_view part) {
  ARROW_ASSIGN_OR_RAISE(const auto unpacked, UnpackCheckpointPart(part));
  std::vector<CheckpointEntry> entries;
  for (const auto& [key, version, content] : unpacked.entries) {
    entries.push_back({.key = std::string(key), .version = std::string(version), .content = std::string(content)});
  }
  return entries;
}

}  // namespace gigapi
