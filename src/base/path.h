// Parts of a path whose separators are slashes. Pure.
#pragma once

#include <string>

namespace gigapi {

/// What comes after the last slash.
inline std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The folder that a file or folder lies in.
inline std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace gigapi
