#include "app/server_address.h"

#include <cstdlib>

namespace gigapi {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

CLI::Option* AddServerFlags(CLI::App* command, ServerFlags* flags) {
  command->add_option("--ca-file", flags->trust.ca_file, "Of https: the authorities to believe, as PEM; else the system's")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
  command->add_flag("--insecure", flags->trust.any_peer, "Of https: believe any certificate");
  return command->add_option("--url", flags->url, "The server")->capture_default_str()->type_name("URL");
}

Result<HttpAddress> ServerAddressOf(const ServerFlags& flags) {
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ParseHttpAddress(flags.url));
  address.trust = flags.trust;
  if (address.username.empty()) {
    address.username = Variable("HTTP_BASIC_AUTH_USERNAME");
    address.password = Variable("HTTP_BASIC_AUTH_PASSWORD");
  }
  return address;
}

}  // namespace gigapi
