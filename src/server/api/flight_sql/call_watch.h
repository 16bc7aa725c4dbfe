// Cancels queries whose clients have gone while DuckDB works, when nothing is sent that could fail.
#pragma once

#include <arrow/flight/server.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "query/query_engine.h"

namespace gigapi::flight {

/// Thread-safe. One thread, owned, which sleeps while there is nothing to look at.
class CallWatch {
 public:
  CallWatch();
  ~CallWatch();

  /// Ends the watch of one call; destroyed before the call's context.
  class Watched {
   public:
    ~Watched();
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

   private:
    friend class CallWatch;
    struct Entry {
      const arrow::flight::ServerCallContext* context;
      QueryCancel cancel;
    };
    Watched(CallWatch* watch, std::list<Entry>::iterator entry) : watch_(watch), entry_(entry) {}
    CallWatch* const watch_;
    const std::list<Entry>::iterator entry_;
  };

  std::unique_ptr<Watched> Watch(const arrow::flight::ServerCallContext& context, QueryCancel cancel);

 private:
  void Run();

  std::mutex lock_;
  std::condition_variable changed_;
  std::list<Watched::Entry> entries_;
  bool closing_ = false;
  std::jthread thread_;
};

}  // namespace gigapi::flight
