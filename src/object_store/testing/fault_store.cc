#include "object_store/testing/fault_store.h"

#include <optional>

namespace gigapi {
namespace {

class FaultWriter final : public ObjectWriter {
 public:
  FaultWriter(const FaultStore* faults, std::string key, std::unique_ptr<ObjectWriter> writer)
      : faults_(faults), key_(std::move(key)), writer_(std::move(writer)) {}
  Status Append(std::string_view bytes) override {
    return faults_->Meet(FaultStore::Operation::kAppend, key_, [&] { return writer_->Append(bytes); });
  }
  Status Commit() override {
    return faults_->Meet(
        FaultStore::Operation::kCommit, key_, [&] { return writer_->Commit(); },
        [writer = writer_] { return writer->Commit(); });
  }

 private:
  const FaultStore* const faults_;
  const std::string key_;
  const std::shared_ptr<ObjectWriter> writer_;
};

class FaultyFile final : public ReadableFile {
 public:
  FaultyFile(const FaultStore* faults, std::string key, std::shared_ptr<ReadableFile> file)
      : faults_(faults), key_(std::move(key)), file_(std::move(file)) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    size_t read = 0;
    ARROW_RETURN_NOT_OK(
        faults_->Meet(FaultStore::Operation::kRead, key_, [&] { return file_->ReadAt(offset, size, out).Value(&read); }));
    return read;
  }
  uint64_t size() const override { return file_->size(); }

 private:
  const FaultStore* const faults_;
  const std::string key_;
  const std::shared_ptr<ReadableFile> file_;
};

/// The answer of `work`, unless the faults are against it.
template <typename T>
Result<T> MeetResult(const FaultStore& faults, FaultStore::Operation operation, const std::string& key,
                     const std::function<Result<T>()>& work, std::function<Status()> late = {}) {
  std::optional<T> answer;
  const auto keep_answer = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(answer, work());
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(faults.Meet(operation, key, keep_answer, std::move(late)));
  return *std::move(answer);
}

}  // namespace

void FaultStore::SetFaults(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

void FaultStore::FailAtRandom(double probability, uint64_t seed) {
  SetFaults([probability, random = std::mt19937_64(seed)](Operation, const std::string&) mutable {
    std::uniform_real_distribution<double> share(0, 1);
    if (share(random) >= probability) return Outcome::kDone;
    return share(random) < 0.5 ? Outcome::kNotDone : Outcome::kAnswerLost;
  });
}

void FaultStore::DeliverLate() {
  std::vector<std::function<Status()>> late;
  {
    const std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  for (const auto& work : late) (void)work();
}

Status FaultStore::Meet(Operation operation, const std::string& key, const std::function<Status()>& work,
                        std::function<Status()> late) const {
  Outcome outcome = Outcome::kDone;
  {
    const std::lock_guard lock(mutex_);
    if (decide_) outcome = decide_(operation, key);
    if (outcome == Outcome::kLate) late_.push_back(std::move(late));
  }
  if (outcome == Outcome::kDone || outcome == Outcome::kAnswerLost) ARROW_RETURN_NOT_OK(work());
  if (outcome == Outcome::kDone) return Status::OK();
  return Errorf(ErrorKind::kUnavailable, "the store does not answer (a fault of the test), object {}", key);
}

Status FaultStore::Probe() {
  return Meet(Operation::kProbe, "", [&] { return store_->Probe(); });
}

Result<std::unique_ptr<ObjectWriter>> FaultStore::Create(const std::string& key) {
  return MeetResult<std::unique_ptr<ObjectWriter>>(*this, Operation::kCreate, key,
                                                   [&]() -> Result<std::unique_ptr<ObjectWriter>> {
                                                     ARROW_ASSIGN_OR_RAISE(auto writer, store_->Create(key));
                                                     return std::make_unique<FaultWriter>(this, key, std::move(writer));
                                                   });
}

Result<std::shared_ptr<ReadableFile>> FaultStore::Open(const std::string& key, std::optional<uint64_t> size_bytes) {
  return MeetResult<std::shared_ptr<ReadableFile>>(*this, Operation::kOpen, key,
                                                   [&]() -> Result<std::shared_ptr<ReadableFile>> {
                                                     ARROW_ASSIGN_OR_RAISE(auto file, store_->Open(key, size_bytes));
                                                     return std::make_shared<FaultyFile>(this, key, std::move(file));
                                                   });
}

Result<ObjectInfo> FaultStore::Head(const std::string& key) {
  return MeetResult<ObjectInfo>(*this, Operation::kRead, key, [&] { return store_->Head(key); });
}

Result<ObjectContent> FaultStore::Get(const std::string& key) {
  return MeetResult<ObjectContent>(*this, Operation::kRead, key, [&] { return store_->Get(key); });
}

Result<std::optional<ObjectContent>> FaultStore::GetIfChanged(const std::string& key, const std::string& version) {
  return MeetResult<std::optional<ObjectContent>>(*this, Operation::kRead, key,
                                                  [&] { return store_->GetIfChanged(key, version); });
}

Result<std::string> FaultStore::PutIfAbsent(const std::string& key, std::string_view content) {
  return MeetResult<std::string>(
      *this, Operation::kPutIf, key, [&] { return store_->PutIfAbsent(key, content); },
      [this, key, content = std::string(content)] { return store_->PutIfAbsent(key, content).status(); });
}

Result<std::string> FaultStore::PutIfVersion(const std::string& key, std::string_view content, const std::string& version) {
  return MeetResult<std::string>(
      *this, Operation::kPutIf, key, [&] { return store_->PutIfVersion(key, content, version); },
      [this, key, content = std::string(content), version] { return store_->PutIfVersion(key, content, version).status(); });
}

Result<ObjectPage> FaultStore::List(const std::string& prefix, const std::string& start_after, size_t objects_max) {
  return MeetResult<ObjectPage>(*this, Operation::kList, prefix,
                                [&] { return store_->List(prefix, start_after, objects_max); });
}

Status FaultStore::Remove(const std::string& key) {
  return Meet(Operation::kRemove, key, [&] { return store_->Remove(key); });
}

Result<int64_t> FaultStore::RemoveUnfinished(int64_t begun_before_ns) {
  return MeetResult<int64_t>(*this, Operation::kRemove, "", [&] { return store_->RemoveUnfinished(begun_before_ns); });
}

}  // namespace gigapi
