// What the headers of a call say, besides who calls.
#pragma once

#include <arrow/flight/types.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi::flight {

/// The cookie that carries the options of a session. The client keeps them, so that any node knows them, and any restart.
inline constexpr std::string_view kSessionCookie = "gigapi_session";

struct Session {
  std::string database;  // empty: not set
  int partitions = 0;    // 0: not set
};

/// The session of the call's cookie; an empty one without it, or when it is garbled.
Session ReadSession(const arrow::flight::CallHeaders& headers);
/// The value of a Set-Cookie header.
std::string SessionCookie(const Session& session);
std::string ExpiredSessionCookie();

/// The most endpoints that a query is split into.
inline constexpr int kPartitionsMax = 256;

/// What a call works on.
struct CallScope {
  std::string database;
  int partitions = 1;
};

/// The database is that of the header `database`, `bucket`, `iox-namespace-name` or `namespace`, as the clients of GigAPI
/// and InfluxDB send them, else the session's, else `default_database`. `partitions` likewise. kInvalidArgument for a number
/// of partitions that is none.
Result<CallScope> ReadScope(const arrow::flight::CallHeaders& headers, const std::string& default_database);

/// The first value of a header, empty without it.
std::string_view HeaderOf(const arrow::flight::CallHeaders& headers, std::string_view name);

/// The address in gRPC's name of a peer, "ipv4:127.0.0.1:4711" or "ipv6:%5B::1%5D:4711".
std::string PeerAddress(std::string_view peer);

/// The number in the text, from 1 to kPartitionsMax.
Result<int> ParsePartitions(std::string_view text);

}  // namespace gigapi::flight
