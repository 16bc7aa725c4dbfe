#include "app/commands.h"

#include <cstdio>

namespace gigapi {

int Fail(const Status& status) {
  std::fprintf(stderr, "gigapi: %s\n", status.message().c_str());
  return 1;
}

}  // namespace gigapi
