// Our failures as Flight's: the gRPC code of server/error_table.h, as far as Arrow can say it, and the message for clients.
#pragma once

#include "base/error.h"

namespace gigapi::flight {

Status ToFlightStatus(const Status& status);

}  // namespace gigapi::flight
