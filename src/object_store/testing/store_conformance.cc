#include "object_store/testing/store_conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/clock.h"

namespace gigapi {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;

#define ASSERT_OK(expression)                                               \
  do {                                                                      \
    const arrow::Status status_ = ::arrow::ToStatus(expression);            \
    ASSERT_TRUE(status_.ok()) << #expression << ": " << status_.ToString(); \
  } while (false)

/// The kind of a failure as a text, so that a mismatch reads well.
template <typename T>
std::string KindName(const T& result) {
  const Status status = arrow::ToStatus(result);
  return status.ok() ? "ok" : std::string(ToString(KindOf(status)));
}

/// Bytes that differ at every place of an object.
std::string Bytes(size_t size, uint64_t seed) {
  std::string bytes(size, '\0');
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (char& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  return bytes;
}

std::vector<std::string> KeysOf(const std::vector<ObjectInfo>& objects) {
  std::vector<std::string> keys;
  for (const ObjectInfo& object : objects) keys.push_back(object.key);
  return keys;
}

std::vector<std::string> AllKeys(ObjectStore& store, const std::string& prefix = "") {
  const auto objects = ListAll(&store, prefix);
  if (!objects.ok()) return {objects.status().ToString()};
  return KeysOf(*objects);
}

void AnswersWhereItIs(ObjectStore& store) {
  EXPECT_NE(store.Describe(), "");
  EXPECT_EQ(KindName(store.Probe()), "ok");
  EXPECT_THAT(AllKeys(store), IsEmpty());
}

void ReadsBackWhatWasWritten(ObjectStore& store) {
  const std::string content = Bytes(300'000, 1);
  ASSERT_OK(PutObject(&store, "db/table/date=2026-01-02/hour=03/a.1.parquet", content));
  const auto file = store.Open("db/table/date=2026-01-02/hour=03/a.1.parquet", std::nullopt);
  ASSERT_OK(file);
  EXPECT_EQ((*file)->size(), content.size());
  const auto read = [&](uint64_t offset, size_t size) {
    std::string out(size, '?');
    const auto count = (*file)->ReadAt(offset, size, out.data());
    return count.ok() ? out.substr(0, *count) : count.status().ToString();
  };
  EXPECT_EQ(read(0, 300'000), content);
  EXPECT_EQ(read(1, 10), content.substr(1, 10));
  EXPECT_EQ(read(299'990, 10), content.substr(299'990));
  EXPECT_EQ(read(299'990, 100), content.substr(299'990)) << "fewer at the end";
  EXPECT_EQ(read(300'000, 10), "");
  EXPECT_EQ(read(400'000, 10), "");
  EXPECT_EQ(read(5, 0), "");
  const auto whole = store.Get("db/table/date=2026-01-02/hour=03/a.1.parquet");
  ASSERT_OK(whole);
  EXPECT_EQ(whole->content, content);
}

void OpensWithAKnownSize(ObjectStore& store) {
  ASSERT_OK(PutObject(&store, "a", "0123456789"));
  const int64_t gets = store.metrics().get_requests_total;
  const auto file = store.Open("a", 10);
  ASSERT_OK(file);
  EXPECT_EQ(store.metrics().get_requests_total, gets) << "nothing needs to be asked";
  char out[4];
  ASSERT_OK((*file)->ReadAt(3, 4, out));
  EXPECT_EQ(std::string(out, 4), "3456");
  EXPECT_EQ(store.metrics().get_requests_total, gets + 1);
  EXPECT_GE(store.metrics().read_bytes_total, 4);
}

void TellsWhatIsNotThere(ObjectStore& store) {
  EXPECT_EQ(KindName(store.Head("none")), "not found");
  EXPECT_EQ(KindName(store.Get("none")), "not found");
  EXPECT_EQ(KindName(store.GetIfChanged("none", "version")), "not found");
  EXPECT_EQ(KindName(store.Open("none/at/all", std::nullopt)), "not found");
  ASSERT_OK(PutObject(&store, "folder/object", "x"));
  EXPECT_EQ(KindName(store.Head("folder")), "not found") << "a prefix is no object";
  EXPECT_EQ(KindName(store.Head("folder/object/below")), "not found");
  ASSERT_OK(store.Remove("folder/object"));
  const auto gone = store.Open("folder/object", 1);
  char out[1];
  EXPECT_EQ(gone.ok() ? KindName((*gone)->ReadAt(0, 1, out)) : KindName(gone), "not found");
}

void WritesEmptyAndLargeObjects(ObjectStore& store) {
  ASSERT_OK(PutObject(&store, "empty", ""));
  EXPECT_EQ(store.Head("empty").ValueOrDie().size_bytes, 0U);
  EXPECT_EQ(store.Get("empty").ValueOrDie().content, "");
  // Larger than a part of an upload, in appends that do not fit parts.
  const std::string piece = Bytes(3'333'333, 7);
  std::string expected;
  {
    const auto writer = store.Create("large");
    ASSERT_OK(writer);
    for (int i = 0; i < 7; ++i) {
      ASSERT_OK((*writer)->Append(piece));
      expected += piece;
    }
    ASSERT_OK((*writer)->Commit());
  }
  const auto file = store.Open("large", std::nullopt);
  ASSERT_OK(file);
  ASSERT_EQ((*file)->size(), expected.size());
  std::string read(expected.size(), '\0');
  ASSERT_OK((*file)->ReadAt(0, read.size(), read.data()));
  EXPECT_TRUE(read == expected);
}

void ShowsNothingBeforeTheCommit(ObjectStore& store) {
  const std::string content = Bytes(12 << 20, 3);
  {
    const auto writer = store.Create("db/t/object");
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Append(content));
    EXPECT_THAT(AllKeys(store), IsEmpty());
    EXPECT_EQ(KindName(store.Head("db/t/object")), "not found");
    ASSERT_OK((*writer)->Commit());
  }
  EXPECT_THAT(AllKeys(store), ElementsAre("db/t/object"));
  EXPECT_EQ(store.Head("db/t/object").ValueOrDie().size_bytes, content.size());
}

void ForgetsWhatWasAbandoned(ObjectStore& store) {
  for (const size_t size : {0, 10, 12 << 20}) {
    const auto writer = store.Create("db/abandoned");
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Append(Bytes(size, 5)));
  }
  EXPECT_THAT(AllKeys(store), IsEmpty());
  EXPECT_EQ(KindName(store.Head("db/abandoned")), "not found");
  ASSERT_OK(store.RemoveUnfinished(WallNanos() + kNanosPerHour));
  EXPECT_EQ(store.RemoveUnfinished(WallNanos() + kNanosPerHour).ValueOrDie(), 0) << "nothing is left";
}

void SweepsOnlyWhatIsUnfinished(ObjectStore& store) {
  ASSERT_OK(PutObject(&store, "db/kept", "kept"));
  const auto writer = store.Create("db/begun");
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Append(Bytes(12 << 20, 5)));
  EXPECT_EQ(store.RemoveUnfinished(WallNanos() - kNanosPerHour).ValueOrDie(), 0) << "younger";
  ASSERT_OK((*writer)->Commit());
  ASSERT_OK(store.RemoveUnfinished(WallNanos() + kNanosPerHour));
  EXPECT_THAT(AllKeys(store), ElementsAre("db/begun", "db/kept"));
}

void ReplacesAWholeObject(ObjectStore& store) {
  ASSERT_OK(PutObject(&store, "a", "the first content"));
  const std::string first = store.Head("a").ValueOrDie().version;
  ASSERT_OK(PutObject(&store, "a", "second"));
  EXPECT_EQ(store.Get("a").ValueOrDie().content, "second");
  EXPECT_EQ(store.Head("a").ValueOrDie().size_bytes, 6U);
  EXPECT_NE(store.Head("a").ValueOrDie().version, first);
  EXPECT_THAT(AllKeys(store), ElementsAre("a"));
}

void TellsSizeTimeAndVersion(ObjectStore& store) {
  const int64_t before = WallNanos();
  ASSERT_OK(PutObject(&store, "a/b", "12345"));
  const auto info = store.Head("a/b");
  ASSERT_OK(info);
  EXPECT_EQ(info->key, "a/b");
  EXPECT_EQ(info->size_bytes, 5U);
  EXPECT_NE(info->version, "");
  EXPECT_GT(info->modified_ns, before - 5 * kNanosPerSecond);
  EXPECT_LT(info->modified_ns, WallNanos() + 5 * kNanosPerSecond);
  const auto content = store.Get("a/b");
  ASSERT_OK(content);
  EXPECT_EQ(content->version, info->version);
  const auto listed = store.List("", "", 10);
  ASSERT_OK(listed);
  ASSERT_EQ(listed->objects.size(), 1U);
  EXPECT_EQ(listed->objects[0].size_bytes, 5U);
  EXPECT_THAT(listed->objects[0].version, AnyOf(IsEmpty(), info->version));
  EXPECT_GT(listed->objects[0].modified_ns, before - 5 * kNanosPerSecond);
}

void ListsInTheOrderOfKeys(ObjectStore& store) {
  for (const std::string key : {"a0", "b/c/d", "a/20", "a-b", "a/2/y", "a/1", "a/2/x", "b.c"})
    ASSERT_OK(PutObject(&store, key, key));
  const std::vector<std::string> sorted = {"a-b", "a/1", "a/2/x", "a/2/y", "a/20", "a0", "b.c", "b/c/d"};
  EXPECT_EQ(AllKeys(store), sorted);
  EXPECT_THAT(AllKeys(store, "a/"), ElementsAre("a/1", "a/2/x", "a/2/y", "a/20"));
  EXPECT_THAT(AllKeys(store, "a/2/"), ElementsAre("a/2/x", "a/2/y"));
  EXPECT_THAT(AllKeys(store, "none/"), IsEmpty());
  EXPECT_EQ(KindName(store.List("a", "", 1)), "invalid argument") << "a prefix ends with a slash";
  for (const size_t page_objects : {1, 3, 8, 100}) {
    std::vector<std::string> collected;
    ObjectPage page;
    do {
      auto next = store.List("", page.next_start_after, page_objects);
      ASSERT_OK(next);
      page = *std::move(next);
      EXPECT_LE(page.objects.size(), page_objects);
      for (const ObjectInfo& object : page.objects) collected.push_back(object.key);
      ASSERT_LE(collected.size(), sorted.size());
    } while (!page.next_start_after.empty());
    EXPECT_EQ(collected, sorted) << page_objects;
  }
  EXPECT_THAT(KeysOf(store.List("a/", "a/2/x", 100).ValueOrDie().objects), ElementsAre("a/2/y", "a/20"));
  EXPECT_THAT(KeysOf(store.List("", "a/2", 2).ValueOrDie().objects), ElementsAre("a/2/x", "a/2/y"));
}

void TakesNamesOfTablesAndPartitions(ObjectStore& store) {
  const std::vector<std::string> keys = {"%2Edb/a%20b/x=1&y=2", "db+1/100%/é ü", "db~(1)!*'/日本",
                                         "db/date=2026-01-02/hour=03/x"};
  for (const std::string& key : keys) {
    ASSERT_OK(PutObject(&store, key, key));
    EXPECT_EQ(store.Get(key).ValueOrDie().content, key);
    EXPECT_EQ(store.Head(key).ValueOrDie().size_bytes, key.size());
  }
  const std::set<std::string> expected(keys.begin(), keys.end());
  const auto listed = AllKeys(store);
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), expected);
  for (const std::string& key : keys) ASSERT_OK(store.Remove(key));
  EXPECT_THAT(AllKeys(store), IsEmpty());
}

void RefusesOtherKeys(ObjectStore& store) {
  for (const std::string key : {"", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\nb", "a\\b", "a.tmp", "\xff"}) {
    EXPECT_EQ(KindName(store.Create(key)), "invalid argument") << key;
    EXPECT_EQ(KindName(store.Open(key, std::nullopt)), "invalid argument") << key;
    EXPECT_EQ(KindName(store.Head(key)), "invalid argument") << key;
    EXPECT_EQ(KindName(store.Remove(key)), "invalid argument") << key;
  }
}

void RemovesWhatIsThereOrNot(ObjectStore& store) {
  ASSERT_OK(PutObject(&store, "a/b/c", "x"));
  ASSERT_OK(PutObject(&store, "a/b/d", "y"));
  ASSERT_OK(store.Remove("a/b/c"));
  ASSERT_OK(store.Remove("a/b/c"));
  ASSERT_OK(store.Remove("never/was/there"));
  EXPECT_THAT(AllKeys(store), ElementsAre("a/b/d"));
  ASSERT_OK(store.Remove("a/b/d"));
  EXPECT_THAT(AllKeys(store), IsEmpty());
  ASSERT_OK(PutObject(&store, "a/b/e", "z"));
  EXPECT_EQ(store.Get("a/b/e").ValueOrDie().content, "z");
}

void ReadsFromSeveralThreads(ObjectStore& store) {
  const std::string content = Bytes(1 << 20, 11);
  ASSERT_OK(PutObject(&store, "shared", content));
  const auto file = store.Open("shared", content.size());
  ASSERT_OK(file);
  std::vector<std::jthread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::string out(40'000, '\0');
      for (size_t offset = static_cast<size_t>(t) * 1'000; offset + out.size() < content.size(); offset += 100'000) {
        const auto read = (*file)->ReadAt(offset, out.size(), out.data());
        if (!read.ok() || *read != out.size() || content.compare(offset, out.size(), out) != 0) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

void PutsUnderACondition(ObjectStore& store) {
  const auto first = store.PutIfAbsent("catalog/a.json", "one");
  ASSERT_OK(first);
  EXPECT_EQ(KindName(store.PutIfAbsent("catalog/a.json", "two")), "conflict");
  EXPECT_EQ(store.Get("catalog/a.json").ValueOrDie().content, "one");
  EXPECT_EQ(store.Get("catalog/a.json").ValueOrDie().version, *first);
  EXPECT_EQ(store.GetIfChanged("catalog/a.json", *first).ValueOrDie(), std::nullopt);

  const auto second = store.PutIfVersion("catalog/a.json", "two", *first);
  ASSERT_OK(second);
  EXPECT_NE(*second, *first);
  EXPECT_EQ(KindName(store.PutIfVersion("catalog/a.json", "three", *first)), "conflict");
  const auto changed = store.GetIfChanged("catalog/a.json", *first);
  ASSERT_OK(changed);
  ASSERT_TRUE(changed->has_value());
  EXPECT_EQ((*changed)->content, "two");
  EXPECT_EQ((*changed)->version, *second);
  EXPECT_EQ(store.Head("catalog/a.json").ValueOrDie().version, *second);

  EXPECT_EQ(KindName(store.PutIfVersion("catalog/none.json", "x", *first)), "conflict") << "there is no such version";
  ASSERT_OK(store.Remove("catalog/a.json"));
  EXPECT_EQ(KindName(store.PutIfVersion("catalog/a.json", "x", *second)), "conflict");
  ASSERT_OK(store.PutIfAbsent("catalog/a.json", "anew"));
  // What an ordinary write has put can be replaced under a condition too.
  ASSERT_OK(PutObject(&store, "catalog/b.json", "plain"));
  ASSERT_OK(store.PutIfVersion("catalog/b.json", "next", store.Head("catalog/b.json").ValueOrDie().version));
  EXPECT_EQ(KindName(store.PutIfAbsent("../x", "x")), "invalid argument");
}

/// Each of several writers adds its own numbers to one object: none may get lost.
void OrdersConcurrentPuts(ObjectStore& store) {
  constexpr int kWriters = 4;
  constexpr int kPuts = 5;
  std::vector<std::jthread> threads;
  std::atomic<int> broken{0};
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kPuts; ++i) {
        const std::string line = std::to_string(w) + ":" + std::to_string(i) + "\n";
        for (int attempt = 0;; ++attempt) {
          const auto there = store.Get("counter");
          const auto put = there.ok() ? store.PutIfVersion("counter", there->content + line, there->version)
                                      : store.PutIfAbsent("counter", line);
          if (put.ok()) break;
          if (KindOf(put.status()) != ErrorKind::kConflict || attempt > 1'000) {
            ++broken;
            return;
          }
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(broken, 0);
  const auto all = store.Get("counter");
  ASSERT_OK(all);
  EXPECT_EQ(std::count(all->content.begin(), all->content.end(), '\n'), kWriters * kPuts);
  for (int w = 0; w < kWriters; ++w) {
    for (int i = 0; i < kPuts; ++i) {
      EXPECT_NE(all->content.find(std::to_string(w) + ":" + std::to_string(i) + "\n"), std::string::npos);
    }
  }
}

void RefusesConditionalPuts(ObjectStore& store) {
  EXPECT_EQ(KindName(store.PutIfAbsent("a", "x")), "unsupported");
  EXPECT_EQ(KindName(store.PutIfVersion("a", "x", "version")), "unsupported");
  EXPECT_THAT(AllKeys(store), IsEmpty());
}

using Check = void (*)(ObjectStore&);

std::vector<std::pair<const char*, Check>> ChecksFor(const StoreUnderTest& under_test) {
  std::vector<std::pair<const char*, Check>> checks = {
      {"AnswersWhereItIs", AnswersWhereItIs},
      {"ReadsBackWhatWasWritten", ReadsBackWhatWasWritten},
      {"OpensWithAKnownSize", OpensWithAKnownSize},
      {"TellsWhatIsNotThere", TellsWhatIsNotThere},
      {"WritesEmptyAndLargeObjects", WritesEmptyAndLargeObjects},
      {"ShowsNothingBeforeTheCommit", ShowsNothingBeforeTheCommit},
      {"ForgetsWhatWasAbandoned", ForgetsWhatWasAbandoned},
      {"SweepsOnlyWhatIsUnfinished", SweepsOnlyWhatIsUnfinished},
      {"ReplacesAWholeObject", ReplacesAWholeObject},
      {"TellsSizeTimeAndVersion", TellsSizeTimeAndVersion},
      {"ListsInTheOrderOfKeys", ListsInTheOrderOfKeys},
      {"TakesNamesOfTablesAndPartitions", TakesNamesOfTablesAndPartitions},
      {"RefusesOtherKeys", RefusesOtherKeys},
      {"RemovesWhatIsThereOrNot", RemovesWhatIsThereOrNot},
      {"ReadsFromSeveralThreads", ReadsFromSeveralThreads},
  };
  if (under_test.has_conditional_puts) {
    checks.emplace_back("PutsUnderACondition", PutsUnderACondition);
    checks.emplace_back("OrdersConcurrentPuts", OrdersConcurrentPuts);
  } else {
    checks.emplace_back("RefusesConditionalPuts", RefusesConditionalPuts);
  }
  return checks;
}

class CheckTest final : public testing::Test {
 public:
  CheckTest(StoreUnderTest under_test, Check check) : under_test_(std::move(under_test)), check_(check) {}
  void TestBody() override {
    const auto store = under_test_.make_empty();
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    check_(**store);
  }

 private:
  const StoreUnderTest under_test_;
  const Check check_;
};

}  // namespace

bool RegisterStoreChecks(const StoreUnderTest& under_test) {
  const std::string suite = "StoreConformance/" + under_test.name;
  for (const auto& [name, check] : ChecksFor(under_test)) {
    testing::RegisterTest(suite.c_str(), name, nullptr, nullptr, __FILE__, __LINE__,
                          [under_test, check = check]() -> testing::Test* { return new CheckTest(under_test, check); });
  }
  return true;
}

void RunStoreChecks(const StoreUnderTest& under_test) {
  for (const auto& [name, check] : ChecksFor(under_test)) {
    SCOPED_TRACE(under_test.name + "." + name);
    const auto store = under_test.make_empty();
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    check(**store);
  }
}

}  // namespace gigapi
