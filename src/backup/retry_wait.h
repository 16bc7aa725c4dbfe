// Of restores that can neither go on nor be undone while a store fails.
#pragma once

#include <functional>

#include "base/error.h"

namespace gigapi {

/// Whether what failed so may succeed later, without anything else being done about it here.
bool MayPass(const Status& failure);

/// Waits before the next attempt, longer each time, up to half a minute. False: `gives_up` has said so meanwhile.
bool WaitAfterAttempt(int attempt, const std::function<bool()>& gives_up);

}  // namespace gigapi
