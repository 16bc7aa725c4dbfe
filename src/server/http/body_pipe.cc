#include "server/http/body_pipe.h"

namespace gigapi::http {

bool BodyPipe::HasRoom() const {
  std::lock_guard lock(mutex_);
  return pieces_.size() < kPiecesMax;
}

PodVector<char> BodyPipe::TakeSpare() {
  PodVector<char> spare;
  {
    std::lock_guard lock(mutex_);
    spare = std::move(spare_);
  }
  spare.Clear();
  spare.Reserve(kPieceBytes);
  return spare;
}

void BodyPipe::Push(PodVector<char> piece) {
  std::lock_guard lock(mutex_);
  pieces_.push_back(std::move(piece));
  changed_.notify_one();
}

void BodyPipe::Finish(Status status) {
  std::lock_guard lock(mutex_);
  if (!end_) end_ = std::move(status);
  changed_.notify_one();
}

Result<std::string_view> BodyPipe::Next() {
  {
    std::unique_lock lock(mutex_);
    spare_ = std::move(current_);
    current_ = {};
    changed_.wait(lock, [this] { return !pieces_.empty() || end_; });
    if (pieces_.empty()) {
      ARROW_RETURN_NOT_OK(*end_);
      return std::string_view();
    }
    current_ = std::move(pieces_.front());
    pieces_.pop_front();
  }
  wake_();
  return std::string_view(current_.data(), current_.size());
}

}  // namespace gigapi::http
