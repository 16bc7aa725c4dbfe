// Lets a coroutine wait until code elsewhere on its strand says go on.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace gigapi::http {

/// Used on one strand only, by one waiter at a time. A Set without a waiter is kept for the next Wait.
class StrandEvent {
 public:
  void Set() {
    if (resume_) std::exchange(resume_, nullptr)();
    else is_set_ = true;
  }

  boost::asio::awaitable<void> Wait() {
    if (std::exchange(is_set_, false)) co_return;
    auto initiate = [this](auto handler) {
      auto kept = std::make_shared<decltype(handler)>(std::move(handler));
      resume_ = [kept] { std::move (*kept)(); };
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate, boost::asio::use_awaitable);
  }

 private:
  bool is_set_ = false;
  std::function<void()> resume_;
};

}  // namespace gigapi::http
