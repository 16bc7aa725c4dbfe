// gigapi import: files, standard input, or another server's data, into a running server.
#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "app/commands.h"
#include "app/import/file_import.h"
#include "app/import/influx_import.h"
#include "app/server_address.h"
#include "app/stop_signal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/percent_encoding.h"
#include "ingest/time_parser.h"

namespace gigapi {
namespace {

constexpr int kSomeRefused = 2;
constexpr char kNoState[] = "none";

struct ImportCommandOptions {
  std::vector<std::string> files;
  ServerFlags server;
  std::string database;
  FileImportOptions file;
  std::string delimiter;
  std::string precision;
  std::string time_column;
  std::string time_format;
  std::string tags;
  std::string types;
  std::string state = "gigapi-import.state";
  std::string rejects;
  int64_t retries_max = 20;

  // Of another server's data.
  std::string influx_url;
  std::string influx_database;
  std::string bucket;
  std::string org;
  std::string token;
  std::string user;
  std::vector<std::string> measurements;
  std::string from;
  std::string to;
  std::string slice = "1h";
};

/// Patterns that the shell has left as they are; a name that is there stands for itself.
Result<std::vector<std::string>> Expand(const std::vector<std::string>& patterns) {
  std::vector<std::string> files;
  for (const std::string& pattern : patterns) {
    if (pattern == "-" || std::filesystem::exists(pattern)) {
      files.push_back(pattern);
      continue;
    }
    glob_t found{};
    const int failed = ::glob(pattern.c_str(), 0, nullptr, &found);
    for (size_t i = 0; failed == 0 && i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    if (failed != 0) return Errorf(ErrorKind::kNotFound, "no file {}", pattern);
  }
  return files;
}

int64_t BytesOf(const std::string& path) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  return failed ? 0 : static_cast<int64_t>(bytes);
}

std::string QueryOf(const ImportCommandOptions& options) {
  std::string query;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += fmt::format("&{}={}", name, PercentEncode(value));
  };
  add("precision", options.precision);
  add("time_column", options.time_column);
  add("time_format", options.time_format);
  add("tags", options.tags);
  add("types", options.types);
  return query;
}

Status SetDelimiter(ImportCommandOptions* options) {
  const std::string& text = options->delimiter;
  if (text == "tab" || text == "\\t") options->file.delimiter = '\t';
  else if (text.size() == 1) options->file.delimiter = text[0];
  else if (!text.empty()) return Error(ErrorKind::kInvalidArgument, "--delimiter must be one character, or tab");
  return Status::OK();
}

Status ImportFiles(const ImportCommandOptions& options, const std::vector<std::string>& files, const ImportParts& parts) {
  int64_t bytes_before = 0;
  for (const std::string& file : files) {
    const Status imported = ImportFile(file, options.file, bytes_before, parts);
    if (!imported.ok()) return imported.WithMessage(file, ": ", imported.message());
    bytes_before += BytesOf(file);
  }
  return Status::OK();
}

Status SetTime(const std::string& text, int64_t* time_ns) {
  if (text.empty() || ParseTime(text, Precision::kNanosecond, time_ns)) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "\"{}\" is no time: 2025-01-31T12:00:00Z, 2025-01-31, or nanoseconds", text);
}

Result<int64_t> ParseSlice(const std::string& text) {
  static constexpr std::pair<char, int64_t> kUnits[] = {
      {'s', kNanosPerSecond}, {'m', 60 * kNanosPerSecond}, {'h', kNanosPerHour}, {'d', 24 * kNanosPerHour}};
  int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  const char last = unit + 1 == end ? *unit : ' ';
  const auto* known =
      std::find_if(std::begin(kUnits), std::end(kUnits), [&](const auto& each) { return each.first == last; });
  if (error != std::errc() || known == std::end(kUnits) || count < 1 || count > 100'000) {
    return Errorf(ErrorKind::kInvalidArgument, "--slice must be as 30m, 1h or 7d, not \"{}\"", text);
  }
  return count * known->second;
}

/// Version 2 has buckets and tokens.
Result<InfluxImportOptions> InfluxOf(const ImportCommandOptions& options) {
  InfluxImportOptions influx;
  influx.is_v2 = !options.bucket.empty() || !options.token.empty() || !options.org.empty();
  InfluxServer& server = influx.server;
  ARROW_ASSIGN_OR_RAISE(server.address, ParseHttpAddress(options.influx_url));
  server.address.trust = options.server.trust;
  if (!options.user.empty()) {
    const size_t colon = options.user.find(':');
    server.address.username = options.user.substr(0, colon);
    if (colon != std::string::npos) server.address.password = options.user.substr(colon + 1);
  }
  server.token = options.token;
  server.org = options.org;
  server.database = influx.is_v2 ? options.bucket : options.influx_database;
  if (server.database.empty()) server.database = options.database;
  influx.measurements = options.measurements;
  // The first and the last time that InfluxDB has; of a bucket that is still written to, what there is now.
  influx.range = {INT64_MIN + 2, influx.is_v2 ? WallNanos() : INT64_MAX - 1};
  ARROW_RETURN_NOT_OK(SetTime(options.from, &influx.range.begin_ns));
  ARROW_RETURN_NOT_OK(SetTime(options.to, &influx.range.end_ns));
  ARROW_ASSIGN_OR_RAISE(influx.slice_ns, ParseSlice(options.slice));
  return influx;
}

/// What makes an import another one.
std::string TargetText(const ImportCommandOptions& options, const ImportTarget& target) {
  std::string text = fmt::format("{}:{}/{} {}{}", target.address.host, target.address.port, options.database,
                                 options.file.table, target.query);
  if (options.influx_url.empty()) return text;
  return text + fmt::format(" from {}/{}{} {} {} {}", options.influx_url.substr(options.influx_url.rfind('@') + 1),
                            options.influx_database, options.bucket, options.from, options.to, options.slice);
}

/// Of the bar: a thousand for each measurement.
Result<int64_t> StepsOf(const InfluxImportOptions& influx) {
  if (influx.is_v2) return 1'000;
  if (!influx.measurements.empty()) return static_cast<int64_t>(influx.measurements.size()) * 1'000;
  ARROW_ASSIGN_OR_RAISE(const auto measurements, InfluxV1(influx.server).Measurements());
  return static_cast<int64_t>(measurements.size()) * 1'000;
}

Result<int> Import(ImportCommandOptions options) {
  ARROW_RETURN_NOT_OK(SetDelimiter(&options));
  const bool from_influx = !options.influx_url.empty();
  if (from_influx != options.files.empty()) {
    return Error(ErrorKind::kInvalidArgument, "name files to import, or a server by --from-influx");
  }
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> files, Expand(options.files));
  InfluxImportOptions influx;
  if (from_influx) {
    ARROW_ASSIGN_OR_RAISE(influx, InfluxOf(options));
  }
  ImportTarget target;
  ARROW_ASSIGN_OR_RAISE(target.address, ServerAddressOf(options.server));
  target.database = options.database;
  target.query = QueryOf(options);
  target.retries_max = options.retries_max;
  const std::string state_path = options.state == kNoState ? "" : options.state;
  ARROW_ASSIGN_OR_RAISE(ImportState state, ImportState::Open(state_path, TargetText(options, target)));
  if (state.resumed()) fmt::print(stderr, "going on where {} says\n", state_path);
  int64_t steps = 0;  // of files: bytes
  for (const std::string& file : files) steps += BytesOf(file);
  if (from_influx) {
    ARROW_ASSIGN_OR_RAISE(steps, StepsOf(influx));
  }
  ARROW_ASSIGN_OR_RAISE(const auto progress, ImportProgress::Begin(steps, options.rejects));
  ImportSender sender(std::move(target));
  const ImportParts parts{&sender, &state, progress.get()};
  const Status status = from_influx ? ImportInflux(influx, parts) : ImportFiles(options, files, parts);
  progress->Finish();
  if (!status.ok() && !state_path.empty()) {
    return status.WithMessage(status.message(), "\nthe same command goes on from here: ", state_path,
                              " knows what is imported");
  }
  ARROW_RETURN_NOT_OK(status);
  ARROW_RETURN_NOT_OK(state.Remove());
  return progress->refused_rows() > 0 ? kSomeRefused : 0;
}

int RunImport(const ImportCommandOptions& options) {
  ConfigureLog("warn");
  BlockStopSignals();
  const Result<int> code = Import(options);
  return code.ok() ? *code : Fail(code.status());
}

void AddFormatOptions(CLI::App* command, ImportCommandOptions* options) {
  command->add_option("--format", options->file.format, "What the files are; else their names tell")
      ->check(CLI::IsMember({"lp", "csv", "annotated_csv", "ndjson", "json", "parquet", "arrow", "msgpack"}))
      ->type_name("FORMAT");
  command->add_option("--precision", options->precision, "The unit of times that are numbers")->type_name("UNIT");
  command->add_option("--time-column", options->time_column, "The column of the time")->type_name("NAME");
  command->add_option("--time-format", options->time_format, "epoch_s, epoch_ms, epoch_us or epoch_ns")->type_name("FORMAT");
  command->add_option("--tags", options->tags, "The columns of strings that are tags")->type_name("A,B");
  command->add_option("--types", options->types, "Of CSV: types of columns")->type_name("A:int,B:tag");
  command->add_option("--delimiter", options->delimiter, "Of CSV: one character, or tab")->type_name("CHAR");
  command->add_option("--skip-rows", options->file.skip_rows, "Of CSV: records before the header")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
}

void AddInfluxOptions(CLI::App* command, ImportCommandOptions* options) {
  const auto add = [&](const char* flag, std::string* text, const char* doc, const char* type) {
    command->add_option(flag, *text, doc)->type_name(type);
  };
  add("--from-influx", &options->influx_url, "A running InfluxDB to read, 1 or 2", "URL");
  add("--influx-db", &options->influx_database, "Its database (version 1); without it that of --db", "NAME");
  add("--bucket", &options->bucket, "Its bucket (version 2); without it that of --db", "NAME");
  add("--org", &options->org, "Its organization (version 2)", "NAME");
  add("--token", &options->token, "Its token (version 2)", "TOKEN");
  add("--user", &options->user, "Its user (version 1)", "NAME:PASSWORD");
  command->add_option("--measurement", options->measurements, "Of version 1: the ones to read; all without it")
      ->type_name("NAME");
  add("--from", &options->from, "The first time to read", "TIME");
  add("--to", &options->to, "The end of the times to read", "TIME");
  command->add_option("--slice", options->slice, "How much time is asked for at once")
      ->capture_default_str()
      ->type_name("SPAN");
}

}  // namespace

void AddImportCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("import", "Write files into a running server");
  command->footer(
      R"(Files are lp, csv, annotated_csv, ndjson, json, parquet, arrow or msgpack, told by their names (x.csv, x.lp.gz,
x.ndjson.zst); "-" is standard input. They are sent in pieces of whole records, each of them kept before the next is sent.
Lines that are wrong are refused and told, and the others are kept.

--state names a small file that says what is acknowledged. The same command goes on from there when an import was killed or
failed: nothing is left out, and at most the one piece that was under way (2 MB of text, 65,536 rows of Arrow or Parquet) is
written twice. The file is removed when all is imported.

The exit status is 0 when all rows are kept, 2 when some were refused, 1 when the import ended before the files did.

Examples:
  gigapi import export.lp.gz --db mydb
  gigapi import 'cpu-*.csv' --db mydb --table cpu --time-column at --rejects bad-lines.txt
  gigapi import --from-influx http://old.example:8086 --db mydb --from 2025-01-01
  gigapi import --from-influx http://old.example:8086 --org me --bucket mydb --token TOKEN --db mydb
  zcat big.ndjson.gz | gigapi import - --format ndjson --db mydb --table events --url http://me:password@db.example:7971)");
  auto options = std::make_shared<ImportCommandOptions>();
  command->add_option("files", options->files, "Files, patterns, or -")->type_name("FILE");
  AddServerFlags(command, &options->server);
  command->add_option("--db", options->database, "Database")->required()->type_name("NAME");
  command
      ->add_option("--table", options->file.table,
                   "Table of rows that do not name theirs, without it the file's name; of line protocol the one to keep")
      ->type_name("NAME");
  AddFormatOptions(command, options.get());
  AddInfluxOptions(command, options.get());
  command->add_option("--state", options->state, "Where to keep how far the import is; none: nowhere")
      ->capture_default_str()
      ->type_name("FILE");
  command->add_option("--rejects", options->rejects, "Where refused lines go, each below a comment that says why")
      ->type_name("FILE");
  command->add_option("--retries", options->retries_max, "How often a piece is sent again while the server is busy or away")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->callback([=] { *body = [=] { return RunImport(*options); }; });
}

}  // namespace gigapi
