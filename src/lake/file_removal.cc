#include "lake/file_removal.h"

#include "base/log.h"
#include "base/parallel.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kRemoveThreads = 16;

}  // namespace

std::vector<size_t> RemoveFiles(const std::vector<DataFilePtr>& files) {
  std::vector<char> is_removed(files.size());  // not of bits: each is written by one thread
  const Status removed = ForEachUntilFailure(files.size(), kRemoveThreads, "remove", [&](size_t i) -> Status {
    Status gone = files[i]->layer->Remove(files[i]->key);
    is_removed[i] = gone.ok();
    return gone;
  });
  if (!removed.ok()) LOG_WARN("replaced or dropped files could not be removed yet", "reason=\"{}\"", removed.message());
  std::vector<size_t> left;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!is_removed[i]) left.push_back(i);
  }
  return left;
}

}  // namespace gigapi
