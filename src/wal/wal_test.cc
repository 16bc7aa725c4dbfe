#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <random>

#include "base/testing/fault_file_system.h"
#include "wal/wal_reader.h"
#include "wal/wal_record.h"
#include "wal/wal_writer.h"

namespace gigapi::wal {
namespace {

constexpr char kDirectory[] = "/wal";
using Records = std::vector<std::pair<uint64_t, std::string>>;

WalContents Read(FileSystem* fs, Records* records) {
  auto contents = ReadWal(
      fs, kDirectory,
      [&](uint64_t sequence, std::string_view payload) {
        records->emplace_back(sequence, payload);
        return Status::OK();
      },
      [](uint64_t, uint64_t) {});
  EXPECT_TRUE(contents.ok()) << contents.status().ToString();
  return contents.ValueOr(WalContents{});
}

PodVector<char> Bytes(std::string_view text) {
  PodVector<char> bytes;
  bytes.Append(text.data(), text.size());
  return bytes;
}

/// Waits for the answers to appended records.
class Answers {
 public:
  WalWriter::Committed Expect() {
    const std::lock_guard lock(mutex_);
    ++expected_;
    return [this](Status status, uint64_t sequence) {
      const std::lock_guard inner(mutex_);
      statuses_.push_back(std::move(status));
      sequences_.push_back(sequence);
      changed_.notify_all();
    };
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return statuses_.size() == expected_; });
  }
  std::vector<Status> statuses_;
  std::vector<uint64_t> sequences_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t expected_ = 0;
};

std::unique_ptr<WalWriter> OpenWriter(FileSystem* fs, WalContents contents, uint64_t segment_bytes = 64 << 10) {
  const uint64_t next = contents.last_sequence + 1;
  auto writer = WalWriter::Open(fs, {.directory = kDirectory, .segment_bytes = segment_bytes}, std::move(contents), next);
  EXPECT_TRUE(writer.ok());
  return *std::move(writer);
}

std::unique_ptr<FaultFileSystem> NewDisk() {
  auto fs = std::make_unique<FaultFileSystem>();
  EXPECT_TRUE(fs->CreateDirectories(kDirectory).ok());
  EXPECT_TRUE(fs->SyncDirectory("/").ok());
  return fs;
}

TEST(Wal, ReadsBackWhatWasCommittedInOrder) {
  auto fs = NewDisk();
  auto writer = OpenWriter(fs.get(), {});
  Answers answers;
  Records expected;
  for (uint64_t i = 1; i <= 500; ++i) {
    const std::string payload(i * 7 % 5000 + 1, static_cast<char>('a' + i % 26));
    expected.emplace_back(i, payload);
    writer->Append(Bytes(payload), answers.Expect());
  }
  answers.Wait();
  EXPECT_THAT(answers.statuses_, testing::Each(testing::Property(&Status::ok, true)));
  EXPECT_TRUE(std::is_sorted(answers.sequences_.begin(), answers.sequences_.end()));
  auto image = fs->Crash();
  Records records;
  Read(image.get(), &records);
  EXPECT_EQ(records, expected);
}

TEST(Wal, ARecordLargerThanASegmentFits) {
  auto fs = NewDisk();
  auto writer = OpenWriter(fs.get(), {});
  Answers answers;
  const std::string large(3 << 20, 'x');
  writer->Append(Bytes("a"), answers.Expect());
  writer->Append(Bytes(large), answers.Expect());
  writer->Append(Bytes("b"), answers.Expect());
  answers.Wait();
  Records records;
  Read(fs->Crash().get(), &records);
  EXPECT_EQ(records, (Records{{1, "a"}, {2, large}, {3, "b"}}));
}

TEST(Wal, WhatAReleaseOfManySegmentsLeavesIsStillReadable) {
  auto fs = NewDisk();
  auto writer = OpenWriter(fs.get(), {});
  const std::string third_of_a_segment(20 << 10, 'x');
  for (uint64_t i = 1; i <= 80; ++i) {
    Answers answers;
    writer->Append(Bytes(i == 20 ? std::string(200 << 10, 'y') : third_of_a_segment), answers.Expect());
    answers.Wait();
    // Nothing is written after a release, so no later segment can tell of it. Many segments become free at once, one of
    // them too large to be kept; later ones are written over.
    if (i % 19 == 0) writer->Release(i - 1);
    // As after kill -9, with removed files gone, and as after a power cut, with removed files back.
    Records killed;
    Read(fs.get(), &killed);
    EXPECT_EQ(killed.back().first, i);
    Records cut;
    Read(fs->Crash().get(), &cut);
    EXPECT_EQ(cut.back().first, i);
  }
}

TEST(Wal, LeavesNoRecordThatWasReleased) {
  auto fs = NewDisk();
  uint64_t last = 0;
  for (int run = 0; run < 3; ++run) {
    Records records;
    auto writer = OpenWriter(fs.get(), Read(fs.get(), &records));
    EXPECT_TRUE(records.empty());
    Answers answers;
    for (int i = 0; i < 40; ++i) writer->Append(Bytes(std::string(9'000, 'x')), answers.Expect());
    answers.Wait();
    EXPECT_EQ(answers.sequences_.front(), last + 1) << "no sequence is given twice";
    last = answers.sequences_.back();
    writer->Release(last);
    writer->Close();
    EXPECT_TRUE(writer->LeaveNothing().ok());
  }
  EXPECT_LE(fs->List(kDirectory)->size(), 6u) << "files are used again";
  Records records;
  auto writer = OpenWriter(fs.get(), Read(fs.get(), &records));
  writer->Release(last);
  Answers answers;
  writer->Append(Bytes("needed"), answers.Expect());
  answers.Wait();
  writer->Close();
  EXPECT_TRUE(writer->LeaveNothing().ok());
  EXPECT_EQ(Read(fs.get(), &records).last_sequence, last + 1);
  EXPECT_THAT(records, testing::ElementsAre(testing::Pair(last + 1, "needed")));
}

TEST(Wal, KeepsAcknowledgedRecordsThroughManyCrashesAndReuse) {
  auto fs = NewDisk();
  std::vector<std::unique_ptr<FaultFileSystem>> disks;
  std::mt19937 random(7);
  uint64_t released = 0;
  Records acknowledged;
  for (int round = 0; round < 40; ++round) {
    Records found;
    WalContents contents = Read(fs.get(), &found);
    // Everything that was acknowledged and not released is there, once, and in order.
    for (const auto& [sequence, payload] : acknowledged) {
      if (sequence <= released) continue;
      const auto at = std::find_if(found.begin(), found.end(), [&](const auto& record) { return record.first == sequence; });
      ASSERT_NE(at, found.end()) << "round " << round << " lost record " << sequence;
      ASSERT_EQ(at->second, payload);
    }
    for (size_t i = 1; i < found.size(); ++i) ASSERT_EQ(found[i].first, found[i - 1].first + 1);
    const uint64_t next = std::max(contents.last_sequence, acknowledged.empty() ? 0 : acknowledged.back().first) + 1;
    acknowledged = found;
    auto writer = *WalWriter::Open(fs.get(), {.directory = kDirectory, .segment_bytes = 32 << 10, .unused_segments_max = 3},
                                   std::move(contents), next);
    for (int i = 0; i < 30; ++i) {
      Answers answers;
      const std::string payload(random() % 6000 + 1, static_cast<char>('a' + random() % 26));
      writer->Append(Bytes(payload), answers.Expect());
      answers.Wait();
      ASSERT_TRUE(answers.statuses_[0].ok());
      acknowledged.emplace_back(answers.sequences_[0], payload);
      if (random() % 5 == 0) {
        released = acknowledged[acknowledged.size() - 1 - random() % std::min<size_t>(acknowledged.size(), 4)].first;
        writer->Release(released);
      }
    }
    writer->Append(Bytes(std::string(20000, 'z')), [](Status, uint64_t) {});  // in flight during the crash
    auto image = fs->Crash();
    writer.reset();
    disks.push_back(std::move(fs));
    fs = std::move(image);
  }
}

TEST(Wal, AFailedSyncLatches) {
  auto fs = NewDisk();
  auto writer = OpenWriter(fs.get(), {});
  Answers first;
  writer->Append(Bytes("a"), first.Expect());
  first.Wait();
  ASSERT_TRUE(first.statuses_[0].ok());
  fs->Fail(FaultFileSystem::Operation::kSync, 1);
  Answers second;
  writer->Append(Bytes("b"), second.Expect());
  second.Wait();
  EXPECT_EQ(KindOf(second.statuses_[0]), ErrorKind::kUnavailable);
  Answers third;
  writer->Append(Bytes("c"), third.Expect());
  third.Wait();
  EXPECT_EQ(KindOf(third.statuses_[0]), ErrorKind::kUnavailable);
  EXPECT_TRUE(writer->metrics().failed);
}

TEST(Wal, AFullDiskRefusesAndRecovers) {
  auto fs = NewDisk();
  fs->SetFull(true);
  auto writer = OpenWriter(fs.get(), {});
  Answers refused;
  writer->Append(Bytes("a"), refused.Expect());
  refused.Wait();
  EXPECT_EQ(KindOf(refused.statuses_[0]), ErrorKind::kUnavailable);
  fs->SetFull(false);
  Answers kept;
  writer->Append(Bytes("b"), kept.Expect());
  kept.Wait();
  ASSERT_TRUE(kept.statuses_[0].ok());
  Records records;
  Read(fs->Crash().get(), &records);
  EXPECT_EQ(records, (Records{{1, "b"}}));
}

TEST(Wal, AHoleInTheLogIsAnError) {
  auto fs = NewDisk();
  auto writer = OpenWriter(fs.get(), {});
  Answers answers;
  for (int i = 0; i < 100; ++i) writer->Append(Bytes(std::string(4000, 'x')), answers.Expect());
  answers.Wait();
  writer.reset();
  Records records;
  const WalContents contents = Read(fs.get(), &records);
  ASSERT_GE(contents.segments.size(), 3u);
  ASSERT_TRUE(fs->Remove(contents.segments[1].path).ok());
  const auto damaged = ReadWal(
      fs.get(), kDirectory, [](uint64_t, std::string_view) { return Status::OK(); }, [](uint64_t, uint64_t) {});
  ASSERT_FALSE(damaged.ok());
  EXPECT_THAT(damaged.status().message(), testing::HasSubstr("damaged"));
}

Status ReadStatus(FileSystem* fs) {
  const auto ignore = [](uint64_t, std::string_view) { return Status::OK(); };
  return ReadWal(fs, kDirectory, ignore, [](uint64_t, uint64_t) {}).status();
}

/// Changes one byte of the log's only segment.
void FlipByte(FileSystem* fs, const std::string& path, uint64_t offset) {
  const auto file = *fs->OpenForRead(path);
  std::string block(BlockFile::kBlockBytes, '\0');
  const uint64_t begin = offset / block.size() * block.size();
  ASSERT_EQ(*file->ReadAt(begin, block.size(), block.data()), block.size());
  block[offset - begin] = static_cast<char>(block[offset - begin] ^ 1);
  auto writable = *fs->OpenBlockFile(path, file->size());
  ASSERT_TRUE(writable->WriteAt(begin, block).ok());
}

/// A log of one segment with three records, each a group of one block.
std::string WriteThreeGroups(FileSystem* fs) {
  auto writer = OpenWriter(fs, {});
  for (const char* text : {"a", "b", "c"}) {
    Answers answers;
    writer->Append(Bytes(text), answers.Expect());
    answers.Wait();
  }
  writer.reset();
  Records records;
  return Read(fs, &records).segments.at(0).path;
}

TEST(Wal, DamageBeforeAnAcknowledgedRecordIsAnError) {
  for (const uint64_t group : {1, 2}) {
    for (const uint64_t byte : {0, 24}) {  // of the header, of the payload
      auto fs = NewDisk();
      FlipByte(fs.get(), WriteThreeGroups(fs.get()), group * BlockFile::kBlockBytes + byte);
      EXPECT_THAT(ReadStatus(fs.get()).message(), testing::HasSubstr("damaged")) << group << " " << byte;
    }
  }
  auto fs = NewDisk();
  FlipByte(fs.get(), WriteThreeGroups(fs.get()), 3 * BlockFile::kBlockBytes);
  Records records;
  Read(fs.get(), &records);
  EXPECT_EQ(records, (Records{{1, "a"}, {2, "b"}})) << "a crash while it was written leaves the same";
}

TEST(Wal, ADamagedSegmentHeaderIsAnError) {
  for (const uint64_t byte : {0, 8, 36}) {
    auto fs = NewDisk();
    FlipByte(fs.get(), WriteThreeGroups(fs.get()), byte);
    EXPECT_THAT(ReadStatus(fs.get()).message(), testing::HasSubstr("damaged")) << byte;
  }
}

TEST(WalRecord, ReadsBackEveryType) {
  std::vector<TableRows> tables(1);
  tables[0].table = "t";
  ColumnBatch& rows = tables[0].rows;
  for (int64_t i = 0; i < 1000; ++i) rows.time.PushBack(i - 500);
  for (const ColumnType type : {ColumnType::kTag, ColumnType::kFloat64, ColumnType::kBool, ColumnType::kString}) {
    Column column;
    column.name = "c" + std::to_string(static_cast<int>(type));
    column.type = type;
    for (uint32_t i = 0; i < 1000; ++i) {
      if (type == ColumnType::kTag) {
        if (i < 300) column.strings.Append("v" + std::to_string(i));
        column.codes.PushBack(i % 300);
      } else if (type == ColumnType::kFloat64) {
        column.words.PushBack(i * uint64_t{0x123456789abcdef});
      } else if (type == ColumnType::kBool) {
        column.bools.PushBack(i % 2);
      } else {
        column.strings.Append(std::string(i % 7, 'q'));
      }
      column.valid.PushBack(i % 3 != 0);
    }
    rows.columns.push_back(std::move(column));
  }
  const PodVector<char> bytes = EncodeRecord("db", tables);
  const auto decoded = DecodeRecord({bytes.data(), bytes.size()});
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->database, "db");
  const ColumnBatch& out = decoded->tables.at(0).rows;
  EXPECT_EQ(out.min_time, -500);
  EXPECT_EQ(out.max_time, 499);
  for (size_t c = 0; c < rows.columns.size(); ++c) {
    const Column& a = rows.columns[c];
    const Column& b = out.columns[c];
    EXPECT_EQ(a.name, b.name);
    for (size_t i = 0; i < 1000; ++i) {
      ASSERT_EQ(a.IsValid(i), b.IsValid(i));
      if (a.type == ColumnType::kTag) ASSERT_EQ(a.TagValue(i), b.TagValue(i));
      else if (a.type == ColumnType::kFloat64) ASSERT_EQ(a.words[i], b.words[i]);
      else if (a.type == ColumnType::kBool) ASSERT_EQ(a.bools[i], b.bools[i]);
      else ASSERT_EQ(a.strings[i], b.strings[i]);
    }
  }
}

TEST(WalRecord, RefusesDamagedBytesWithoutCrashing) {
  std::vector<TableRows> tables(1);
  tables[0].table = "t";
  tables[0].rows.time.PushBack(1);
  Column column;
  column.name = "tag";
  column.type = ColumnType::kTag;
  column.strings.Append("x");
  column.codes.PushBack(0);
  tables[0].rows.columns.push_back(std::move(column));
  const PodVector<char> good = EncodeRecord("db", tables);
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(good.data(), random() % 4 == 0 ? random() % good.size() : good.size());
    for (int flips = 0; flips < 3 && !bytes.empty(); ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    (void)DecodeRecord(bytes);
  }
}

}  // namespace
}  // namespace gigapi::wal
