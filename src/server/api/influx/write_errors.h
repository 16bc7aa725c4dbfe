// How InfluxDB 1, 2 and 3 tell a client what became of a write. Pure functions.
#pragma once

#include <string>

#include "server/write_service.h"

namespace gigapi::influx {

enum class Dialect {
  kV1,
  kV2,
  kV3
};

/// 204 when every line was kept; else the dialect's own error body with the number of rows kept, the number refused, and
/// the first refused lines.
http::Response RenderOutcome(Dialect dialect, const WriteOutcome& outcome);

/// A request that was refused as a whole, in the dialect's form.
http::Response RenderError(Dialect dialect, const Status& status);

/// A failure of any other endpoint of InfluxDB 2: {"code", "message"} with the status of its kind.
http::Response RenderV2Failure(const Status& status);

/// The body of a 401 on InfluxDB 2's paths.
inline constexpr char kUnauthorizedV2[] = "{\"code\":\"unauthorized\",\"message\":\"unauthorized access\"}\n";

/// InfluxDB's text: "partial write: unable to parse 'x': missing fields dropped=1".
std::string PartialWriteText(const WriteOutcome& outcome);

}  // namespace gigapi::influx
