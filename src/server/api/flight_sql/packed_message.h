// Protobuf messages inside Any, as Flight SQL sends them. Bytes of clients: whatever they are, these functions return.
#pragma once

#include <google/protobuf/message_lite.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi::flight {

/// An Any that has been opened.
struct Packed {
  std::string name;   // of the message, without its package, as in "CommandStatementQuery"
  std::string value;  // the message's bytes
};

/// kInvalidArgument for bytes that are no Any with a message of Flight SQL.
Result<Packed> Unpack(std::string_view bytes);

/// The bytes of an Any around `message`, which is of Flight SQL.
std::string Pack(const google::protobuf::MessageLite& message);

template <typename Message>
Result<Message> ParseMessage(std::string_view bytes) {
  Message message;
  if (bytes.size() > (1u << 30) || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Errorf(ErrorKind::kInvalidArgument, "the bytes are not a {}", message.GetTypeName());
  }
  return message;
}

/// Opens an Any that must hold a `Message`.
template <typename Message>
Result<Message> UnpackAs(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const Packed packed, Unpack(bytes));
  const std::string expected = Message().GetTypeName();
  if (!std::string_view(expected).ends_with("." + packed.name)) {
    return Errorf(ErrorKind::kInvalidArgument, "expected a {}, not a {}", expected, packed.name);
  }
  return ParseMessage<Message>(packed.value);
}

}  // namespace gigapi::flight
