// The feed of changes: the stream tells what changed, the channel only that something did.
#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "object_store/redis/redis_layout.h"
#include "object_store/redis/redis_store.h"

namespace gigapi {
namespace {

/// The newest change that was seen, and the life of the data that it is of.
struct Cursor {
  std::string epoch = {};  // empty: there was nothing yet
  RedisVersion version = {};
};

std::string ToString(const Cursor& cursor) { return cursor.epoch + "." + ToString(cursor.version); }

std::optional<Cursor> ParseCursor(const std::string& text) {
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return std::nullopt;
  auto version = ParseRedisVersion(text.substr(dot + 1));
  if (!version.ok()) return std::nullopt;
  return Cursor{.epoch = text.substr(0, dot), .version = *std::move(version)};
}

uint64_t NumberOf(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// An entry of the stream: {"12-0", {"o", "p", "k", key, "i", nonce}}
Result<ObjectChange> ReadChange(const redisReply& entry, RedisVersion* version) {
  const redisReply* fields = ElementOf(entry, 1);
  if (fields == nullptr || fields->elements != 6 || ElementTextOf(*fields, 5).size() != RedisVersion::kNonceBytes) {
    return Error(ErrorKind::kInternal, "Redis has something else for a change");
  }
  *version = {.number = NumberOf(ElementTextOf(entry, 0)), .nonce = std::string(ElementTextOf(*fields, 5))};
  ObjectChange change{.key = std::string(ElementTextOf(*fields, 3))};
  if (ElementTextOf(*fields, 1) == "p") change.version = ToString(*version);
  return change;
}

Status Cancelled() { return Error(ErrorKind::kCancelled, "the feed of changes is closed"); }

class RedisFeed final : public ChangeFeed {
 public:
  RedisFeed(const RedisUrl& url, const RedisFeedOptions& options) : keys_(url.prefix), options_(options) {}

  Status Open(const RedisUrl& url) {
    // One attempt: AwaitChange has its own pace, and the caller of Since comes again.
    const RedisClientOptions client{.limits = options_.limits, .connections_max = 4, .retries = {.attempts_max = 2}};
    ARROW_ASSIGN_OR_RAISE(client_, RedisClient::Make(url, client, &cancellation_));
    return Status::OK();
  }

  bool TellsFallBacks() const override { return true; }

  Result<ChangePage> Since(const std::string& text, size_t changes_max) override {
    // An answer may be there before a wait for it can be cancelled.
    if (cancellation_.cancelled()) return Cancelled();
    const auto known = ParseCursor(text);
    Cursor cursor = known.value_or(Cursor{.epoch = "none"});
    const std::string number = std::to_string(cursor.version.number);
    const std::string count = std::to_string(std::clamp<size_t>(changes_max, 1, kPageChangesMax));
    const std::string_view names[] = {keys_.state, keys_.changes};
    const std::string_view arguments[] = {cursor.epoch, number, cursor.version.nonce, count};
    ARROW_ASSIGN_OR_RAISE(const RedisOutcome outcome, client_->Run(SinceScript(), names, arguments));
    const redisReply& reply = *outcome.replies.front();
    const redisReply* is_known = ElementOf(reply, 0);
    if (is_known == nullptr) return Error(ErrorKind::kInternal, "Redis has something else for the changes");
    ChangePage page{.complete = is_known->integer == 1};
    if (!page.complete) {
      const redisReply* is_gone = ElementOf(reply, 4);
      page.fell_back = cursor.version.number > 0 && is_gone != nullptr && is_gone->integer == 1;
      page.cursor = ToString(
          Cursor{.epoch = std::string(ElementTextOf(reply, 1)),
                 .version = {.number = NumberOf(ElementTextOf(reply, 2)), .nonce = std::string(ElementTextOf(reply, 3))}});
      return page;
    }
    const redisReply* entries = ElementOf(reply, 1);
    for (size_t i = 0; entries != nullptr && i < entries->elements; ++i) {
      ARROW_ASSIGN_OR_RAISE(ObjectChange change, ReadChange(*entries->element[i], &cursor.version));
      page.changes.push_back(std::move(change));
    }
    page.cursor = ToString(cursor);
    return page;
  }

  Result<bool> AwaitChange(const std::string& cursor, int64_t ms_max) override {
    const std::lock_guard one_at_a_time(await_mutex_);
    const int64_t deadline_ns = SteadyNanos() + ms_max * kNanosPerMilli;
    bool was_told = true;
    while (true) {
      // Before looking, so that what changes after the look is told.
      const bool subscribed = Subscribe();
      const auto page = Since(cursor, 1);
      if (page.ok() && (!page->complete || !page->changes.empty())) {
        if (!was_told) subscription_.reset();  // it may be deaf
        return true;
      }
      if (cancellation_.cancelled()) return Cancelled();
      const int64_t now_ns = SteadyNanos();
      if (now_ns >= deadline_ns) return page.ok() ? Result<bool>(false) : page.status();
      const int64_t poll_ms = subscribed ? options_.subscribed_poll_ms : options_.unsubscribed_poll_ms;
      const int64_t until_ns = std::min(deadline_ns, now_ns + poll_ms * kNanosPerMilli);
      was_told = subscribed ? AwaitNotice(until_ns) : Pause(until_ns);
    }
  }

  void Cancel() override { cancellation_.Cancel(); }

 private:
  /// Whether notices come.
  bool Subscribe() {
    if (subscription_ && subscription_->IsQuiet()) return true;
    if (subscription_ && DrainNotices()) return true;
    subscription_.reset();
    auto opened = client_->Connect();
    if (!opened.ok()) return false;
    const RedisCommand subscribe = {"SUBSCRIBE", keys_.notices};
    const auto replies = (*opened)->Exchange({&subscribe, 1});
    if (!replies.ok() || replies->front()->type == REDIS_REPLY_ERROR) return false;
    subscription_ = *std::move(opened);
    return true;
  }

  /// Takes what came before the look that follows; false when the connection is gone.
  bool DrainNotices() {
    while (true) {
      const auto notice = subscription_->Receive(0);
      if (!notice.ok()) return false;
      if (*notice == nullptr) return true;
    }
  }

  /// Whether something was told: a notice, or the end of the connection, after which anything may have changed.
  bool AwaitNotice(int64_t deadline_ns) {
    const auto notice = subscription_->Receive(deadline_ns);
    if (!notice.ok()) subscription_.reset();
    return !notice.ok() || *notice != nullptr;
  }

  /// Nothing is told meanwhile; answers as AwaitNotice does.
  bool Pause(int64_t deadline_ns) {
    (void)client_->Pause((deadline_ns - SteadyNanos()) / kNanosPerMilli + 1);
    return true;
  }

  const RedisKeys keys_;
  const RedisFeedOptions options_;
  Cancellation cancellation_;
  std::unique_ptr<RedisClient> client_;
  std::mutex await_mutex_;
  std::unique_ptr<RedisConnection> subscription_;  // of AwaitChange
};

}  // namespace

Result<std::unique_ptr<ChangeFeed>> MakeRedisFeed(const RedisUrl& url, const RedisFeedOptions& options) {
  auto feed = std::make_unique<RedisFeed>(url, options);
  ARROW_RETURN_NOT_OK(feed->Open(url));
  return feed;
}

}  // namespace gigapi
