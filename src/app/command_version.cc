// gigapi version.
#include <cstdio>

#include <arrow/util/config.h>

#include "app/commands.h"

namespace gigapi {

void AddVersionCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("version", "Show the version of gigapi and of what it is built on");
  command->callback([=] {
    *body = [] {
      std::printf("gigapi %s (Arrow %s, g++ %s)\n", GIGAPI_VERSION, ARROW_VERSION_STRING, __VERSION__);
      return 0;
    };
  });
}

}  // namespace gigapi
