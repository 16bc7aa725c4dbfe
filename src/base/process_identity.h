// Which process it is that has left a note somewhere.
#pragma once

#include <string>

namespace gigapi {

/// Tells this process from every other one of any machine. Empty: that cannot be told.
std::string ProcessIdentity();

/// Whether the process of that identity has certainly ended: it was one that can be seen from here, and is there no more.
bool HasProcessEnded(const std::string& identity);

}  // namespace gigapi
