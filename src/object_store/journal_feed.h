// A feed of changes for stores that have none: buckets. Each node that changes objects keeps a journal beside them, one
// small object with the keys that it changed last, which the others look at:
//
//   <prefix><node>:  a line with the name of this run of the node, one with the number of the first change, then one key a
//                    line
//
// A node writes its journal a moment after its changes (Note), so others see them within that moment and their own poll. A
// node that dies in between leaves changes untold: a new run of it, and the poll of everything now and then, make up for it.
//
// Thread-safe, AwaitChange as change_feed.h says.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "object_store/change_feed.h"
#include "object_store/object_store.h"

namespace gigapi {

struct JournalOptions {
  std::string prefix;  // ends with a slash
  std::string node;    // without slashes and line breaks
  int64_t write_delay_ms = 100;
  int64_t poll_interval_ms = 500;
  int64_t list_interval_ms = 5'000;        // how soon a node is met that was not there, or was idle
  int64_t idle_after_ms = 600'000;         // a journal without a change for so long is listed, but not asked for
  int64_t read_all_interval_ms = 300'000;  // 0: never
  size_t changes_max = 2'000;              // in a journal; a reader that is further behind reads everything
};

class JournalFeed final : public ChangeFeed {
 public:
  /// Owns the thread "journal", which writes.
  JournalFeed(std::shared_ptr<ObjectStore> store, JournalOptions options);
  ~JournalFeed() override;

  /// This node has changed an object, or may have.
  void Note(const std::string& key);

  Result<ChangePage> Since(const std::string& cursor, size_t changes_max) override;
  Result<bool> AwaitChange(const std::string& cursor, int64_t ms_max) override;
  void Cancel() override;

 private:
  struct Journal {
    std::string version;
    std::string run;
    uint64_t first = 0;
    std::vector<std::string> keys;
    int64_t listed_modified_ns = 0;  // as the last list had it
    bool is_unread = true;           // the list has it newer than what was read
    int64_t changed_at_ns = 0;       // steady clock: when a change was last seen
    uint64_t end() const { return first + keys.size(); }
  };
  /// How far a reader is in each journal: by node, its run and the number of the next change.
  using Position = std::map<std::string, std::pair<std::string, uint64_t>>;

  void Write();
  Status PutOwn(const std::string& content);
  std::string EncodeOwn() const;
  Status Poll();
  Status PollJournal(const std::string& node);
  Position PositionNow() const;
  static std::string EncodeCursor(const Position& position, int64_t read_all_at_ns);

  const std::shared_ptr<ObjectStore> store_;
  const JournalOptions options_;
  const std::string run_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;  // nobody waits for changes any more; this node's own are told on
  bool ending_ = false;
  bool dirty_ = true;  // a new run is told at once
  uint64_t own_first_ = 0;
  std::deque<std::string> own_keys_;

  mutable std::mutex poll_mutex_;  // guards what follows; held while the store is asked
  std::map<std::string, Journal> journals_;
  int64_t listed_at_ns_ = 0;

  std::optional<std::string> own_version_;  // of the writer's thread: of this node's journal, empty if there is none
  std::jthread writer_;
};

/// Removes the journals that nobody has written since `before_ns` (wall time), as those of nodes that are gone. One of a
/// node that is not is written anew with its next change, which others hear of as of any.
Status RemoveOldJournals(ObjectStore* store, const std::string& prefix, int64_t before_ns);

}  // namespace gigapi
