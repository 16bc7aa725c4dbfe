#include "base/file_identity.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>

namespace gigapi {
namespace {

/// Another one in each machine, and in each run of it.
std::string ReadBootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

std::string FileIdentity(const std::string& path) {
  static const std::string boot_id = ReadBootId();
  struct stat info {};
  if (boot_id.empty() || ::stat(path.c_str(), &info) != 0) return {};
  return fmt::format("{}/{}/{}", boot_id, info.st_dev, info.st_ino);
}

}  // namespace gigapi
