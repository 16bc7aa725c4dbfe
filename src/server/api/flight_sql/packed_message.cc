#include "server/api/flight_sql/packed_message.h"

#include "server/api/flight_sql/flight_sql.pb.h"

namespace gigapi::flight {

constexpr std::string_view kPackage = "arrow.flight.protocol.sql.";
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

Result<Packed> Unpack(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(auto any, ParseMessage<arrow::flight::protocol::sql::PackedMessage>(bytes));
  std::string_view name = any.type_url();
  if (const size_t slash = name.rfind('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (!name.starts_with(kPackage)) return Error(ErrorKind::kInvalidArgument, "the command is not one of Flight SQL");
  name.remove_prefix(kPackage.size());
  return Packed{std::string(name.substr(0, 100)), std::move(*any.mutable_value())};
}

std::string Pack(const google::protobuf::MessageLite& message) {
  arrow::flight::protocol::sql::PackedMessage any;
  any.set_type_url(std::string(kTypePrefix) + message.GetTypeName());
  any.set_value(message.SerializeAsString());
  return any.SerializeAsString();
}

}  // namespace gigapi::flight
