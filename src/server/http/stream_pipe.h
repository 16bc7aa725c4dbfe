// Hands the pieces of an answer from the query thread that makes them to the connection that writes them: one is written
// while the next waits here and the one after it is made, never more.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.h"

namespace gigapi::http {

/// One producer, one consumer.
class StreamPipe {
 public:
  /// `wake` tells the consumer that something is there; called on the producer's thread.
  explicit StreamPipe(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Waits until there is room; false when the consumer has gone, which ends the production.
  bool Push(std::string piece);
  /// A piece that the consumer is done with, for its memory; empty when there is none.
  std::string TakeSpare();
  /// No piece follows. Not OK: the body is broken.
  void Finish(Status status);

  struct Item {
    std::string piece;
    bool end = false;
    Status status;  // at the end
  };
  /// nullopt: nothing yet, `wake` will be called.
  std::optional<Item> Pop();
  void GiveSpare(std::string piece);
  /// The consumer has gone.
  void Close();

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::condition_variable room_;
  bool closed_ = false;
  std::optional<std::string> piece_;
  std::string spare_;
  std::optional<Status> end_;
};

/// Closes the pipe when the consumer goes, whatever way it goes.
struct StreamPipeCloser {
  std::shared_ptr<StreamPipe> pipe;
  void operator()(StreamPipe* consumed) const { consumed->Close(); }
};
using StreamPipeConsumer = std::unique_ptr<StreamPipe, StreamPipeCloser>;

inline StreamPipeConsumer ConsumerOf(std::shared_ptr<StreamPipe> pipe) {
  StreamPipe* const consumed = pipe.get();
  return StreamPipeConsumer(consumed, StreamPipeCloser{std::move(pipe)});
}

}  // namespace gigapi::http
