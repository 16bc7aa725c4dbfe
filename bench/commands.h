// The subcommands of gigapi_bench. Each prints one JSON object of figures on standard output and returns the exit code.
#pragma once

namespace gigapi::bench {

int RunIngest(int argc, char** argv);
int RunQueries(int argc, char** argv);
int RunQueryLoad(int argc, char** argv);

}  // namespace gigapi::bench
