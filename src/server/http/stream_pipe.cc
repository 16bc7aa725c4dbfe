#include "server/http/stream_pipe.h"

#include <utility>

namespace gigapi::http {

bool StreamPipe::Push(std::string piece) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || !piece_; });
    if (closed_) return false;
    piece_ = std::move(piece);
  }
  wake_();
  return true;
}

std::string StreamPipe::TakeSpare() {
  std::lock_guard lock(mutex_);
  return std::exchange(spare_, {});
}

void StreamPipe::GiveSpare(std::string piece) {
  std::lock_guard lock(mutex_);
  spare_ = std::move(piece);
}

void StreamPipe::Finish(Status status) {
  {
    std::lock_guard lock(mutex_);
    end_ = std::move(status);
  }
  wake_();
}

std::optional<StreamPipe::Item> StreamPipe::Pop() {
  std::lock_guard lock(mutex_);
  if (piece_) {
    Item item{*std::move(piece_), false, Status::OK()};
    piece_.reset();
    room_.notify_one();
    return item;
  }
  if (end_) return Item{{}, true, *end_};
  return std::nullopt;
}

void StreamPipe::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_one();
}

}  // namespace gigapi::http
