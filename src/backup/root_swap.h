// The steps by which one folder takes the place of another, durable when they return.
#pragma once

#include <string>

#include "base/error.h"

namespace gigapi {

/// Puts `from` in the place of `to`, which is an empty folder or not there. kConflict when it is not empty.
Status MoveIntoPlace(const std::string& from, const std::string& to);
/// kUnsupported when a folder can be seen to be a mount point, which nothing can take the place of. (One of the same file
/// system cannot.)
Status CheckNoMountPoint(const std::string& path);
/// Exchanges two folders in one step.
Status ExchangeFolders(const std::string& a, const std::string& b);

}  // namespace gigapi
