// Copies of whole data files between stores, checked on the way: of moves from layer to layer, backups and restores.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "object_store/object_store.h"
#include "storage/data_file.h"

namespace gigapi {

/// Passes bytes on and keeps their checksum.
class ChecksumWriter final : public ObjectWriter {
 public:
  /// `crc32c` is set as bytes come, and must outlive the writer.
  ChecksumWriter(std::unique_ptr<ObjectWriter> out, uint32_t* crc32c) : out_(std::move(out)), crc32c_(crc32c) {
    *crc32c_ = 0;
  }
  Status Append(std::string_view bytes) override;
  Status Commit() override { return out_->Commit(); }

 private:
  const std::unique_ptr<ObjectWriter> out_;
  uint32_t* const crc32c_;
};

/// Reads the whole file and appends it, without Commit; answers its CRC-32C. kCancelled once `on_piece`, which is told how
/// many bytes came, answers false.
Result<uint32_t> CopyContent(const DataFile& file, ObjectWriter* out, const std::function<bool(int64_t)>& on_piece);
/// The CRC-32C of a whole file, which messages call `name`; cancelled in the same way.
Result<uint32_t> ReadChecksum(const ReadableFile& file, std::string_view name, const std::function<bool(int64_t)>& on_piece);

}  // namespace gigapi
