// What GET /api/v1/write/msgpack/spec tells of the protocol.
#pragma once

#include <string>

namespace gigapi::arc {

/// A JSON document with Arc's keys.
std::string MsgpackSpecJson();

}  // namespace gigapi::arc
