// Which file a path leads to.
#pragma once

#include <string>

namespace gigapi {

/// Tells a file of this machine from every other one, copies of it and of its disk too, until the machine is started anew.
/// Empty: there is none, or it cannot be told.
std::string FileIdentity(const std::string& path);

}  // namespace gigapi
