// gigapi version.
#include <cstdio>
#include <string>

#include <arrow/util/config.h>

#include "app/commands.h"

namespace gigapi {

void AddVersionCommand(CLI::App* app, CommandBody* body) {
  static const std::string text =
      std::string("gigapi ") + GIGAPI_VERSION + " (Arrow " ARROW_VERSION_STRING ", g++ " __VERSION__ ")";
  app->set_version_flag("--version", text, "The same as the command");
  CLI::App* command = app->add_subcommand("version", "Show the version of gigapi and of what it is built on");
  command->callback([=] {
    *body = [] {
      std::puts(text.c_str());
      return 0;
    };
  });
}

}  // namespace gigapi
