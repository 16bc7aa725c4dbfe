// gigapi query: asks a running server, or reads a data root.
#include <cstdio>

#include "app/commands.h"
#include "app/query_source.h"
#include "app/server_address.h"
#include "app/settings_loader.h"
#include "base/log.h"

namespace gigapi {
namespace {

struct QueryCommandOptions {
  std::string sql;
  ServerFlags server;
  std::string root;
  std::string database = "mydb";
  std::string format = "table";
  int64_t rows_shown_max = 1'000;
};

Result<std::unique_ptr<QuerySource>> OpenSource(const QueryCommandOptions& options) {
  if (!options.root.empty()) return RootQuerySource(options.root);
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ServerAddressOf(options.server));
  return ServerQuerySource(std::move(address));
}

Status WriteOut(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return Status::OK();
  return Error(ErrorKind::kCancelled, "standard output is closed");
}

Status Query(const QueryCommandOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenSource(options));
  if (options.format != "table") return source->Text(options.sql, options.database, options.format, WriteOut);
  ARROW_ASSIGN_OR_RAISE(const std::string table,
                        QueryTable(source.get(), options.sql, options.database, options.rows_shown_max));
  return WriteOut(table);
}

int RunQuery(const QueryCommandOptions& options) {
  ConfigureLog("warn");
  const Status status = Query(options);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddQueryCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("query", "Run one SQL statement and print its answer");
  command->footer(
      R"(Asks the server at --url, or, with --root, reads the files and the write-ahead log of a data root, also while a
server runs on it; nothing is written there. Credentials are those in the URL, or HTTP_BASIC_AUTH_USERNAME and
HTTP_BASIC_AUTH_PASSWORD of the environment. The exit status is 1 when the statement fails.

Examples:
  gigapi query "SHOW DATABASES"
  gigapi query "SELECT count(*) FROM weather" --db mydb --format csv
  gigapi query "SELECT * FROM weather LIMIT 3" --url http://me:password@db.example:7971
  gigapi query "SELECT max(temperature) FROM mydb.weather" --root ./data --format json)");
  auto options = std::make_shared<QueryCommandOptions>();
  command->add_option("sql", options->sql, "The statement")->required()->type_name("SQL");
  auto* url = AddServerFlags(command, &options->server);
  command->add_option("--root", options->root, "A data root to read instead of asking a server")
      ->type_name("FOLDER")
      ->excludes(url);
  command->add_option("--db", options->database, "Database in which names are looked up")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--format", options->format, "table, json or csv")
      ->capture_default_str()
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("FORMAT");
  command->add_option("--rows", options->rows_shown_max, "Rows that a table shows at most")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->callback([=] { *body = [=] { return RunQuery(*options); }; });
}

}  // namespace gigapi
