#include "query/large_blocks.h"

#include <malloc.h>
#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <unordered_set>

#include "query/vector_memory.h"

namespace gigapi {
namespace {

constexpr size_t kLargeBytes = 1 << 20;
constexpr char kQueryThreadName[] = "query-worker";
constexpr size_t kNameBytesMax = 16;

thread_local int scopes = 0;

bool IsQueryWorker() {
  thread_local const bool is_worker = [] {
    char name[kNameBytesMax] = {};
    return pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 && std::strcmp(name, kQueryThreadName) == 0;
  }();
  return is_worker;
}

/// Those that are counted. Never destroyed: blocks are freed until the very end.
struct Blocks {
  std::mutex lock;
  std::unordered_set<void*> counted;
  std::atomic<int64_t> number = 0;
};

Blocks& AllBlocks() {
  static Blocks& blocks = *new Blocks;
  return blocks;
}

void* Malloc(size_t bytes) {
  if (void* block = std::malloc(bytes)) return block;
  throw std::bad_alloc();
}

void* NewLargeBlock(size_t bytes) {
  if (scopes == 0 && !IsQueryWorker()) return Malloc(bytes);
  void* const block = Malloc(bytes);
  if (!CountVectorMemory(static_cast<int64_t>(malloc_usable_size(block)))) {
    std::free(block);
    throw std::bad_alloc();
  }
  Blocks& blocks = AllBlocks();
  const std::lock_guard guard(blocks.lock);
  blocks.counted.insert(block);
  ++blocks.number;
  return block;
}

void ForgetLargeBlock(void* block, size_t usable_bytes) {
  Blocks& blocks = AllBlocks();
  if (blocks.number == 0) return;
  {
    const std::lock_guard guard(blocks.lock);
    if (blocks.counted.erase(block) == 0) return;
    --blocks.number;
  }
  UncountVectorMemory(static_cast<int64_t>(usable_bytes));
}

}  // namespace

QueryThreadScope::QueryThreadScope() { ++scopes; }
QueryThreadScope::~QueryThreadScope() { --scopes; }

QueryThreadName::QueryThreadName() : before_(kNameBytesMax, '\0') {
  pthread_getname_np(pthread_self(), before_.data(), before_.size());
  pthread_setname_np(pthread_self(), kQueryThreadName);
}
QueryThreadName::~QueryThreadName() { pthread_setname_np(pthread_self(), before_.c_str()); }

}  // namespace gigapi

// Sanitizers have their own. The other forms of new and delete call these two, but for those of an alignment.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void* operator new(size_t bytes) {
  if (bytes >= gigapi::kLargeBytes) return gigapi::NewLargeBlock(bytes);
  return gigapi::Malloc(bytes == 0 ? 1 : bytes);
}

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  const size_t usable_bytes = malloc_usable_size(block);
  if (usable_bytes >= gigapi::kLargeBytes) gigapi::ForgetLargeBlock(block, usable_bytes);
  std::free(block);
}

#endif
