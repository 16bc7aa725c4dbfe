// gigapi: one binary, one file a subcommand.
#include <cstdio>

#include "app/commands.h"

int main(int argc, char** argv) {
  CLI::App app("gigapi: a time-series lakehouse. Rows in by line protocol, plain Parquet on disk, SQL out.", "gigapi");
  app.require_subcommand(1);
  app.footer(R"(Start here:
  gigapi serve                                 serve on port 7971, data in ./data
  gigapi demo                                  a million rows and four queries, on a temporary root
  gigapi query "SHOW TABLES" --db mydb         ask a running server
  gigapi import *.csv --db mydb                write files into it

`gigapi COMMAND --help` tells the rest.)");
  app.get_formatter()->column_width(40);
  gigapi::CommandBody body;
  gigapi::AddServeCommand(&app, &body);
  gigapi::AddQueryCommand(&app, &body);
  gigapi::AddImportCommand(&app, &body);
  gigapi::AddBackupCommand(&app, &body);
  gigapi::AddRestoreCommand(&app, &body);
  gigapi::AddRepairCommand(&app, &body);
  gigapi::AddDemoCommand(&app, &body);
  gigapi::AddConfigCommand(&app, &body);
  gigapi::AddVersionCommand(&app, &body);
  CLI11_PARSE(app, argc, argv);
  return body();
}
