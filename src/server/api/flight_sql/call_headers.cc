#include "server/api/flight_sql/call_headers.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/http/http.h"

namespace gigapi::flight {
std::string_view HeaderOf(const arrow::flight::CallHeaders& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

Session ReadSession(const arrow::flight::CallHeaders& headers) {
  Session session;
  const auto [first, last] = headers.equal_range("cookie");
  for (auto header = first; header != last; ++header) {
    const std::string_view value = http::CookieNamed(header->second, kSessionCookie);
    if (value.empty()) continue;
    const auto stored = ParseMessage<gigapi::flight::SessionState>(FromHex(value).value_or(""));
    if (!stored.ok()) continue;
    session.database = stored->database();
    if (stored->partitions() <= kPartitionsMax) session.partitions = static_cast<int>(stored->partitions());
  }
  return session;
}

std::string SessionCookie(const Session& session) {
  gigapi::flight::SessionState stored;
  stored.set_database(session.database);
  stored.set_partitions(static_cast<uint32_t>(session.partitions));
  return fmt::format("{}={}", kSessionCookie, ToHex(stored.SerializeAsString()));
}

std::string ExpiredSessionCookie() { return fmt::format("{}=; Max-Age=0", kSessionCookie); }

Result<int> ParsePartitions(std::string_view text) {
  int partitions = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partitions);
  if (error != std::errc() || end != text.data() + text.size() || partitions < 1 || partitions > kPartitionsMax) {
    return Errorf(ErrorKind::kInvalidArgument, "partitions must be a number from 1 to {}", kPartitionsMax);
  }
  return partitions;
}

Result<CallScope> ReadScope(const arrow::flight::CallHeaders& headers, const std::string& default_database) {
  const Session session = ReadSession(headers);
  CallScope scope{session.database.empty() ? default_database : session.database, std::max(1, session.partitions)};
  for (const std::string_view name : {"database", "bucket", "iox-namespace-name", "namespace"}) {
    const std::string_view value = HeaderOf(headers, name);
    if (value.empty()) continue;
    scope.database = value;
    break;
  }
  if (const std::string_view text = HeaderOf(headers, "partitions"); !text.empty()) {
    ARROW_ASSIGN_OR_RAISE(scope.partitions, ParsePartitions(text));
  }
  return scope;
}

std::string PeerAddress(std::string_view peer) {
  peer.remove_prefix(std::min(peer.size(), peer.find(':') + 1));  // the family
  peer = peer.substr(0, peer.rfind(':'));                         // the port
  if (peer.starts_with("%5B") && peer.ends_with("%5D")) peer = peer.substr(3, peer.size() - 6);
  else if (peer.starts_with('[') && peer.ends_with(']')) peer = peer.substr(1, peer.size() - 2);
  return std::string(peer);
}

}  // namespace gigapi::flight
