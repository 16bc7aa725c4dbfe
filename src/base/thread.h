// A thread with a name that is joined when its owner goes.
#pragma once

#include <pthread.h>

#include <functional>
#include <string>
#include <thread>

namespace gigapi {

/// Starts a thread under a name of at most 15 characters, as `top -H` shows it. Join with std::jthread's destructor;
/// the body learns from its owner's own condition when to end.
inline std::jthread StartThread(std::string name, std::function<void()> body) {
  return std::jthread([name = std::move(name), body = std::move(body)] {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
}

}  // namespace gigapi
