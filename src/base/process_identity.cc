#include "base/process_identity.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>

#include "base/file_identity.h"

namespace gigapi {
namespace {

/// Processes that have it in common see each other: of one machine since it was started, and of one container.
std::string Namespace() { return FileIdentity("/proc/self/ns/pid"); }

/// A number is given again, but not with the same time of start. Empty: there is no such process.
std::string StartOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  constexpr int kFieldsBefore = 20;  // behind the name, which may have anything in it
  size_t begin = stat.rfind(')');
  for (int i = 0; i < kFieldsBefore && begin != std::string::npos; ++i) begin = stat.find(' ', begin + 1);
  if (begin == std::string::npos) return {};
  return stat.substr(begin + 1, stat.find(' ', begin + 1) - begin - 1);
}

}  // namespace

std::string ProcessIdentity() {
  const std::string ns = Namespace();
  const std::string start = StartOf(::getpid());
  return ns.empty() || start.empty() ? std::string() : fmt::format("{}/{}/{}", ns, ::getpid(), start);
}

bool HasProcessEnded(const std::string& identity) {
  const std::string prefix = Namespace() + '/';
  if (prefix.size() == 1 || !identity.starts_with(prefix)) return false;
  pid_t pid = 0;
  const char* const end = identity.data() + identity.size();
  const auto [slash, failed] = std::from_chars(identity.data() + prefix.size(), end, pid);
  if (failed != std::errc() || slash == end || *slash != '/' || StartOf(::getpid()).empty()) return false;
  return StartOf(pid) != std::string(slash + 1, end);
}

}  // namespace gigapi
