// The subcommands. Each is one file that adds its options to the command line and says what to run.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace gigapi {

/// What the command line asked for; returns the exit status of the process.
using CommandBody = std::function<int()>;

/// Add a subcommand to `app`; when it is chosen, `*body` is set. Both must live until the command line is parsed, what
/// the body refers to is owned by it.
void AddServeCommand(CLI::App* app, CommandBody* body);
void AddQueryCommand(CLI::App* app, CommandBody* body);
void AddImportCommand(CLI::App* app, CommandBody* body);
void AddBackupCommand(CLI::App* app, CommandBody* body);
void AddRestoreCommand(CLI::App* app, CommandBody* body);
void AddRepairCommand(CLI::App* app, CommandBody* body);
void AddDemoCommand(CLI::App* app, CommandBody* body);
void AddConfigCommand(CLI::App* app, CommandBody* body);
void AddVersionCommand(CLI::App* app, CommandBody* body);

/// Says on standard error what failed. The exit status of a command that failed: 1.
int Fail(const Status& status);

}  // namespace gigapi
