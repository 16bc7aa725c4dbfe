// One object that is written to S3: a small one by one request when it is committed, a larger one in parts, of which a few
// are on their way while the next is gathered.
//
// The store verifies what arrives: each request is signed with the SHA-256 of its body, and after parts were put together
// the object's size is asked for.
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "object_store/object_store.h"
#include "object_store/s3_client.h"

namespace gigapi {

class S3Writer final : public ObjectWriter {
 public:
  static constexpr size_t kPartBytes = 8 << 20;  // S3 takes 10,000 parts: objects of 80 GB
  static constexpr size_t kPartsMax = 10'000;
  static constexpr size_t kPartsInFlightMax = 3;

  /// `key` is that in the bucket.
  S3Writer(std::shared_ptr<S3Client> client, std::string key) : client_(std::move(client)), key_(std::move(key)) {}
  ~S3Writer() override;

  Status Append(std::string_view bytes) override;
  Status Commit() override;

 private:
  Status BeginUpload();
  /// Sends what is gathered as the next part, on a thread of its own; waits while there are enough of those.
  Status SendPart();
  Status PutPart(size_t number, std::string_view bytes);
  /// Waits until no more than `left` parts are on their way; their first failure.
  Status AwaitParts(size_t left);
  Status Complete();
  Status VerifySize();

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  std::string part_;  // gathered
  uint64_t size_bytes_ = 0;
  std::string upload_id_;                // empty: no upload was begun, or it is over
  std::vector<std::jthread> in_flight_;  // the oldest first
  std::mutex mutex_;                     // guards what follows
  std::vector<std::string> etags_;       // by part
  Status failure_;
};

}  // namespace gigapi
