#include "server/api/influx/write_routes.h"

#include <algorithm>
#include <functional>

#include "server/api/influx/write_errors.h"
#include "server/write_parameters.h"

namespace gigapi::influx {
namespace {

using http::ExchangePtr;
using http::Request;

std::string FirstOf(const Request& request, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) {
    if (const auto value = request.Query(name); value && !value->empty()) return std::string(*value);
  }
  return {};
}

/// A parameter that is true, false or absent; other texts are refused rather than guessed.
Result<bool> ReadFlag(const Request& request, std::string_view name, bool absent) {
  const auto text = request.Query(name);
  if (!text || text->empty()) return absent;
  if (*text == "true") return true;
  if (*text == "false") return false;
  return Errorf(ErrorKind::kInvalidArgument, "{} must be true or false", name);
}

Result<WriteParameters> ReadParameters(const Request& request, std::string database) {
  WriteParameters parameters;
  parameters.database = std::move(database);
  ARROW_RETURN_NOT_OK(ReadFormatParameters(request, &parameters));
  return parameters;
}

/// /write, /{db}/write, /gigapi/write, /gigapi/write/{db}, /gigapi/insert
Result<WriteParameters> ReadV1(const Request& request, const std::string& default_database) {
  std::string database(request.PathParam("db"));
  if (database.empty()) database = FirstOf(request, {"db"});
  if (database.empty()) database = default_database;
  // There is one copy of everything, and one retention policy: each level is kept, and rp has no effect.
  const std::string_view consistency = request.Query("consistency").value_or("");
  constexpr std::string_view kLevels[] = {"", "any", "one", "quorum", "all"};
  if (std::none_of(std::begin(kLevels), std::end(kLevels),
                   [&](auto level) { return http::EqualsIgnoringCase(level, consistency); })) {
    return Error(ErrorKind::kInvalidArgument, "invalid consistency level");
  }
  return ReadParameters(request, std::move(database));
}

/// GigAPI's users send db where InfluxDB's send bucket. InfluxDB 1 clients of version 2 write "db/rp" for a bucket.
Result<WriteParameters> ReadV2(const Request& request) {
  std::string bucket = FirstOf(request, {"bucket", "db"});
  if (bucket.empty()) return Error(ErrorKind::kInvalidArgument, "bucket is required");
  bucket.resize(std::min(bucket.find('/'), bucket.size()));
  return ReadParameters(request, std::move(bucket));
}

/// no_sync is read and not used: what is acknowledged is kept as the server's durability says, never less.
Result<WriteParameters> ReadV3(const Request& request) {
  std::string database = FirstOf(request, {"db"});
  if (database.empty()) return Error(ErrorKind::kInvalidArgument, "db is required");
  ARROW_ASSIGN_OR_RAISE(WriteParameters parameters, ReadParameters(request, std::move(database)));
  if (!parameters.precision) parameters.precision = Precision::kAuto;
  ARROW_ASSIGN_OR_RAISE(parameters.accept_partial, ReadFlag(request, "accept_partial", true));
  ARROW_RETURN_NOT_OK(ReadFlag(request, "no_sync", false));
  return parameters;
}

/// InfluxDB's clients look for its version in each answer.
http::Response WithIdentity(http::Response response, const http::Headers& identity) {
  response.headers.insert(response.headers.end(), identity.begin(), identity.end());
  return response;
}

http::Handler Writer(WriteService* service, Dialect dialect, http::Headers headers,
                     std::function<Result<WriteParameters>(const Request&)> read) {
  auto identity = std::make_shared<const http::Headers>(std::move(headers));
  return [service, dialect, identity, read = std::move(read)](ExchangePtr exchange) {
    Result<WriteParameters> parameters = read(exchange->request());
    if (!parameters.ok()) return exchange->Respond(WithIdentity(RenderError(dialect, parameters.status()), *identity));
    http::Exchange* const answered = exchange.get();  // lives until the service lets go of it, after the callback
    service->Write(std::move(exchange), *std::move(parameters), [answered, dialect, identity](const WriteOutcome& outcome) {
      answered->Respond(WithIdentity(RenderOutcome(dialect, outcome), *identity));
    });
  };
}

}  // namespace

http::Handler V1Writer(WriteService* service, std::string default_database, http::Headers identity) {
  return Writer(service, Dialect::kV1, std::move(identity),
                [default_database = std::move(default_database)](const Request& request) {
                  return ReadV1(request, default_database);
                });
}

void AddWriteRoutes(WriteService* service, std::string default_database, const http::Headers& identity,
                    http::Router* router) {
  const http::Handler write_v1 = V1Writer(service, std::move(default_database), identity);
  for (std::string_view path : {"/write", "/{db}/write", "/gigapi/write", "/gigapi/write/{db}", "/gigapi/insert"}) {
    router->Add("POST", path, write_v1);
  }
  router->Add("POST", "/api/v2/write", Writer(service, Dialect::kV2, identity, ReadV2));
  router->Add("POST", "/api/v3/write_lp", Writer(service, Dialect::kV3, identity, ReadV3));
}

}  // namespace gigapi::influx
