// One suite of checks that every object store passes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "object_store/object_store.h"

namespace gigapi {

struct StoreUnderTest {
  std::string name;
  /// A store without objects.
  std::function<Result<std::unique_ptr<ObjectStore>>()> make_empty;
  /// PutIfAbsent and PutIfVersion; a store without them must answer kUnsupported.
  bool has_conditional_puts = true;
};

/// Adds the checks as tests "StoreConformance/<name>.<check>"; called before main. The answer is for initializers.
bool RegisterStoreChecks(const StoreUnderTest& under_test);

/// Runs all checks inside the test that calls it: for a store whose server takes a while to start.
void RunStoreChecks(const StoreUnderTest& under_test);

}  // namespace gigapi
