// The address of a Redis that holds a catalog, as a setting has it. Pure.
//
//   redis://[user[:password]@]host[:port][/database][?prefix=NAME]
//   rediss://...                          over TLS; besides: &ssl_ca_certs=FILE&ssl_certfile=FILE&ssl_keyfile=FILE
//
// A password without a user is written redis://:password@host; bytes that mean something in an address are %XX.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

struct RedisUrl {
  bool secure = false;
  std::string host = {};  // a name or an address, IPv6 in brackets
  uint16_t port = 6379;
  std::string user = {};      // empty: Redis's own default user
  std::string password = {};  // empty: nobody is logged in
  int database = 0;
  /// Which of several catalogs in one database.
  std::string prefix = "default";
  /// PEM files. Of authorities that are trusted besides the machine's; of our own certificate and its key. Empty: none.
  std::string authorities_file = {};
  std::string certificate_file = {};
  std::string key_file = {};

  bool operator==(const RedisUrl&) const = default;
};

bool IsRedisUrl(std::string_view text);

/// Messages never repeat the address.
Result<RedisUrl> ParseRedisUrl(std::string_view text);

/// For logs and errors: without user, password and files.
std::string ToString(const RedisUrl& url);

}  // namespace gigapi
