#include "app/server_address.h"

#include <cstdlib>
#include <string>

namespace gigapi {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<HttpAddress> ServerAddressOf(std::string_view url) {
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ParseHttpAddress(url));
  if (address.username.empty()) {
    address.username = Variable("HTTP_BASIC_AUTH_USERNAME");
    address.password = Variable("HTTP_BASIC_AUTH_PASSWORD");
  }
  return address;
}

}  // namespace gigapi
