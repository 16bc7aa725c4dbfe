// Hands the pieces of a request's body from the connection that reads them to the thread that works on them: a few wait
// here, then the connection stops reading, and the client waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/pod_vector.h"
#include "server/http/http.h"

namespace gigapi::http {

/// One producer, one consumer.
class BodyPipe final : public BodyReader {
 public:
  static constexpr size_t kPieceBytes = 256 << 10;
  static constexpr size_t kPiecesMax = 2;
  /// What a body takes of memory: pieces that wait, the one that is filled, the one that is worked on.
  static constexpr int64_t kBytesMax = static_cast<int64_t>((kPiecesMax + 2) * kPieceBytes);

  /// `wake` tells the producer that there is room again; called on the consumer's thread.
  explicit BodyPipe(std::function<void()> wake) : wake_(std::move(wake)) {}

  // The producer's side; never blocks.
  bool HasRoom() const;
  /// A piece to fill, empty, with the memory of one that was used.
  PodVector<char> TakeSpare();
  void Push(PodVector<char> piece);
  /// No piece follows. Not OK: the body is broken, and this is what the consumer is told.
  void Finish(Status status);

  // The consumer's.
  Result<std::string_view> Next() override;

 private:
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PodVector<char>> pieces_;
  PodVector<char> current_;  // what the consumer works on
  PodVector<char> spare_;
  std::optional<Status> end_;
};

}  // namespace gigapi::http
