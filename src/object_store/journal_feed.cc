#include "object_store/journal_feed.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/thread.h"
#include "base/uuid.h"

namespace gigapi {
namespace {

constexpr auto kRetryWait = std::chrono::seconds(1);
constexpr size_t kPageObjects = 1'000;

std::vector<std::string_view> SplitText(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool ParseNumber(std::string_view text, uint64_t* number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

Status Cancelled() { return Error(ErrorKind::kCancelled, "stopping"); }

}  // namespace

JournalFeed::JournalFeed(std::shared_ptr<ObjectStore> store, JournalOptions options)
    : store_(std::move(store)), options_(std::move(options)), run_(NewUuid()) {
  writer_ = StartThread("journal", [this] { Write(); });
}

JournalFeed::~JournalFeed() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = ending_ = true;
    changed_.notify_all();
  }
  if (writer_.joinable()) writer_.join();
}

void JournalFeed::Note(const std::string& key) {
  const std::lock_guard lock(mutex_);
  own_keys_.push_back(key);
  if (own_keys_.size() > options_.changes_max) {
    own_keys_.pop_front();
    ++own_first_;
  }
  dirty_ = true;
  changed_.notify_all();
}

void JournalFeed::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

/// Changes that come in quick succession are told together.
void JournalFeed::Write() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return dirty_ || ending_; });
    if (!cancelled_) {
      changed_.wait_for(lock, std::chrono::milliseconds(options_.write_delay_ms), [this] { return cancelled_; });
    }
    if (!dirty_) return;
    dirty_ = false;
    const std::string content = EncodeOwn();
    lock.unlock();
    const Status put = Guarded([&] { return PutOwn(content); });
    lock.lock();
    if (put.ok()) continue;
    LOG_WARN("other nodes cannot be told of changes yet", "reason=\"{}\"", put.message());
    if (ending_) return;
    dirty_ = true;
    changed_.wait_for(lock, kRetryWait, [this] { return ending_; });
  }
}

/// Each put is on condition that the one before is there: one that was given up and arrives late must not take back what
/// was told since, for others would not hear of it before they read everything.
Status JournalFeed::PutOwn(const std::string& content) {
  const std::string key = options_.prefix + options_.node;
  if (!own_version_) {
    auto found = store_->Get(key);
    if (!found.ok() && KindOf(found.status()) != ErrorKind::kNotFound) return found.status();
    own_version_ = found.ok() ? std::move(found->version) : "";
  }
  auto put = own_version_->empty() ? store_->PutIfAbsent(key, content) : store_->PutIfVersion(key, content, *own_version_);
  if (put.ok()) own_version_ = *std::move(put);
  else own_version_.reset();
  return put.status();
}

std::string JournalFeed::EncodeOwn() const {
  std::string content = fmt::format("{}\n{}\n", run_, own_first_);
  for (const std::string& key : own_keys_) (content += key) += '\n';
  return content;
}

Status JournalFeed::PollJournal(const std::string& node) {
  Journal& journal = journals_[node];
  auto found = store_->GetIfChanged(options_.prefix + node, journal.version);
  if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) {
    journals_.erase(node);
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(found.status());
  journal.is_unread = false;
  if (!*found) return Status::OK();
  const auto lines = SplitText((*found)->content, '\n');
  Journal read;
  if (lines.size() < 2 || !ParseNumber(lines[1], &read.first)) {
    return Errorf(ErrorKind::kInternal, "{}{} is no journal", options_.prefix, node);
  }
  read.version = (*found)->version;
  read.run = lines[0];
  read.keys.assign(lines.begin() + 2, lines.end());
  read.listed_modified_ns = journal.listed_modified_ns;
  read.is_unread = false;
  read.changed_at_ns = SteadyNanos();
  journal = std::move(read);
  return Status::OK();
}

Status JournalFeed::Poll() {
  if (SteadyNanos() - listed_at_ns_ > options_.list_interval_ms * kNanosPerMilli || listed_at_ns_ == 0) {
    std::string start_after;
    do {
      ARROW_ASSIGN_OR_RAISE(const ObjectPage page, store_->List(options_.prefix, start_after, kPageObjects));
      for (const ObjectInfo& object : page.objects) {
        Journal& journal = journals_[object.key.substr(options_.prefix.size())];
        journal.is_unread |= std::exchange(journal.listed_modified_ns, object.modified_ns) != object.modified_ns;
      }
      start_after = page.next_start_after;
    } while (!start_after.empty());
    listed_at_ns_ = SteadyNanos();
  }
  std::vector<std::string> nodes;
  for (const auto& [node, journal] : journals_) {
    const bool is_idle =
        !journal.is_unread && SteadyNanos() - journal.changed_at_ns > options_.idle_after_ms * kNanosPerMilli;
    if (node != options_.node && !is_idle) nodes.push_back(node);  // one's own changes are known
  }
  for (const std::string& node : nodes) ARROW_RETURN_NOT_OK(PollJournal(node));
  return Status::OK();
}

JournalFeed::Position JournalFeed::PositionNow() const {
  Position position;
  for (const auto& [node, journal] : journals_) {
    if (!journal.run.empty()) position[node] = {journal.run, journal.end()};
  }
  return position;
}

/// read_all_at,node=run:next,node=run:next
std::string JournalFeed::EncodeCursor(const Position& position, int64_t read_all_at_ns) {
  std::string cursor = std::to_string(read_all_at_ns);
  for (const auto& [node, at] : position) cursor += fmt::format(",{}={}:{}", node, at.first, at.second);
  return cursor;
}

Result<ChangePage> JournalFeed::Since(const std::string& cursor, size_t changes_max) {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return Cancelled();
  }
  const std::lock_guard polling(poll_mutex_);
  ARROW_RETURN_NOT_OK(Poll());
  const int64_t now = WallNanos();
  ChangePage everything{.complete = false, .changes = {}, .cursor = EncodeCursor(PositionNow(), now)};
  const auto parts = SplitText(cursor, ',');
  uint64_t read_all_at = 0;
  if (parts.empty() || !ParseNumber(parts[0], &read_all_at)) return everything;
  const int64_t interval_ns = options_.read_all_interval_ms * kNanosPerMilli;
  if (interval_ns > 0 && now - static_cast<int64_t>(read_all_at) > interval_ns) return everything;
  Position position;
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t name_end = parts[i].find('=');
    const size_t run_end = parts[i].rfind(':');
    uint64_t next = 0;
    if (name_end == std::string_view::npos || run_end == std::string_view::npos || run_end < name_end ||
        !ParseNumber(parts[i].substr(run_end + 1), &next)) {
      return everything;
    }
    position[std::string(parts[i].substr(0, name_end))] = {
        std::string(parts[i].substr(name_end + 1, run_end - name_end - 1)), next};
  }
  ChangePage page{.complete = true, .changes = {}, .cursor = {}};
  for (const auto& [node, journal] : journals_) {
    if (journal.run.empty()) continue;
    const auto [known, is_new] = position.try_emplace(node, journal.run, 0);
    auto& [run, next] = known->second;
    // Another run may have ended before it told its last changes.
    if (run != journal.run || next < journal.first || next > journal.end()) return everything;
    for (; next < journal.end() && page.changes.size() < std::min(changes_max, kPageChangesMax); ++next) {
      page.changes.push_back({.key = journal.keys[next - journal.first], .version = ObjectChange::kUnknownVersion});
    }
  }
  page.cursor = EncodeCursor(position, static_cast<int64_t>(read_all_at));
  return page;
}

Result<bool> JournalFeed::AwaitChange(const std::string& cursor, int64_t ms_max) {
  const int64_t deadline = SteadyNanos() + ms_max * kNanosPerMilli;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const ChangePage page, Since(cursor, 1));
    if (!page.complete || !page.changes.empty()) return true;
    const int64_t left_ms = (deadline - SteadyNanos()) / kNanosPerMilli;
    if (left_ms <= 0) return false;
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::milliseconds(std::min(left_ms, options_.poll_interval_ms));
    if (changed_.wait_for(lock, wait, [this] { return cancelled_; })) return Cancelled();
  }
}

Status RemoveOldJournals(ObjectStore* store, const std::string& prefix, int64_t before_ns) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<ObjectInfo> journals, ListAll(store, prefix));
  for (const ObjectInfo& journal : journals) {
    if (journal.modified_ns < before_ns) ARROW_RETURN_NOT_OK(store->Remove(journal.key));
  }
  return Status::OK();
}

}  // namespace gigapi
