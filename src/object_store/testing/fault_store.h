// Another store that fails on demand: for tests of what must survive that. A failed change has been carried out or not, as
// when its answer was lost. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "object_store/object_store.h"

namespace gigapi {

class FaultStore final : public ObjectStore {
 public:
  enum class Operation {
    kProbe,
    kCreate,
    kAppend,
    kCommit,
    kOpen,
    kRead,  // ReadAt, Head, Get, GetIfChanged
    kPutIf,
    kList,
    kRemove,  // RemoveUnfinished too
  };
  enum class Outcome {
    kDone,
    kNotDone,     // fails and has changed nothing
    kAnswerLost,  // fails and has been carried out
    kLate,        // fails and is carried out by DeliverLate(): of kCommit and kPutIf alone
  };
  /// Called before each operation; decides what becomes of it.
  using Decide = std::function<Outcome(Operation, const std::string& key)>;

  explicit FaultStore(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {}

  void SetFaults(Decide decide);
  /// Each operation fails with this probability, half of them after they were carried out.
  void FailAtRandom(double probability, uint64_t seed);
  void StopFailing() { SetFaults({}); }
  /// What was held up on its way arrives now, and may be refused.
  void DeliverLate();

  std::string Describe() const override { return store_->Describe(); }
  Status Probe() override;
  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override;
  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override;
  Result<ObjectInfo> Head(const std::string& key) override;
  Result<ObjectContent> Get(const std::string& key) override;
  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override;
  Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) override;
  Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) override;
  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override;
  Status Remove(const std::string& key) override;
  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override;
  StoreMetrics metrics() const override { return store_->metrics(); }

  /// Carries out `work` as the faults want it. `late` is the same and owns what it needs.
  Status Meet(Operation operation, const std::string& key, const std::function<Status()>& work,
              std::function<Status()> late = {}) const;

 private:
  const std::shared_ptr<ObjectStore> store_;
  mutable std::mutex mutex_;
  Decide decide_;
  mutable std::vector<std::function<Status()>> late_;
};

}  // namespace gigapi
