// The server that a subcommand talks to.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/http_address.h"

namespace gigapi {

struct ServerFlags {
  std::string url = "http://localhost:7971";
  TlsTrust trust;  // of every https:// address of the command
};

/// Adds --url, --ca-file and --insecure; gives the option --url.
CLI::Option* AddServerFlags(CLI::App* command, ServerFlags* flags);

/// Credentials that are not in the URL come from where the server has them: HTTP_BASIC_AUTH_USERNAME and _PASSWORD.
Result<HttpAddress> ServerAddressOf(const ServerFlags& flags);

}  // namespace gigapi
