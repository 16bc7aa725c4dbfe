// Actions: prepared statements, cancelling, sessions.
#include <arrow/ipc/writer.h>

#include "server/api/flight_sql/call_gate.h"
#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_errors.h"
#include "server/api/flight_sql/flight_service.h"
#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/statement_ticket.pb.h"

namespace gigapi::flight {

namespace pb = arrow::flight::protocol::sql;

namespace {

arrow::flight::Result ResultOf(std::string bytes) {
  return arrow::flight::Result{arrow::Buffer::FromString(std::move(bytes))};
}

template <typename Message>
Result<ActionResults> Serialized(const Message& message) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, message.SerializeToString());
  return ActionResults{ResultOf(std::move(bytes))};
}

Result<std::string> IpcOf(const std::shared_ptr<arrow::Schema>& schema) {
  if (schema == nullptr) return std::string();
  ARROW_ASSIGN_OR_RAISE(const auto buffer, arrow::ipc::SerializeSchema(*schema));
  return buffer->ToString();
}

std::string_view BodyOf(const arrow::flight::Action& action) {
  return action.body == nullptr ? std::string_view() : std::string_view(*action.body);
}

/// What an option of a session sets; names as ADBC, JDBC and our own headers have them.
arrow::flight::SetSessionOptionErrorValue Apply(const std::string& name, const arrow::flight::SessionOptionValue& value,
                                                Session* session) {
  using Error = arrow::flight::SetSessionOptionErrorValue;
  const bool unset = std::holds_alternative<std::monostate>(value);
  const auto* text = std::get_if<std::string>(&value);
  if (name == "catalog") return unset || (text != nullptr && *text == "lake") ? Error::kUnspecified : Error::kInvalidValue;
  if (name == "schema" || name == "database") {
    if (!unset && text == nullptr) return Error::kInvalidValue;
    session->database = unset ? std::string() : *text;
    return Error::kUnspecified;
  }
  if (name != "partitions") return Error::kInvalidName;
  const auto* number = std::get_if<int64_t>(&value);
  const auto parsed = ParsePartitions(text != nullptr     ? *text
                                      : number != nullptr ? std::to_string(*number)
                                      : unset             ? "1"
                                                          : "");
  if (!parsed.ok()) return Error::kInvalidValue;
  session->partitions = *parsed;
  return Error::kUnspecified;
}

}  // namespace

Status FlightService::ListActions(const Context&, std::vector<arrow::flight::ActionType>* actions) {
  *actions = {arrow::flight::ActionType::kCancelFlightInfo,
              arrow::flight::ActionType::kSetSessionOptions,
              arrow::flight::ActionType::kGetSessionOptions,
              arrow::flight::ActionType::kCloseSession,
              {"CancelQuery", "Stop a query, by the plan that started it."},
              {"CreatePreparedStatement", "Check a statement and tell its columns and parameters."},
              {"ClosePreparedStatement", "Forget a prepared statement."}};
  return Status::OK();
}

Status FlightService::DoAction(const Context& context, const arrow::flight::Action& action,
                               std::unique_ptr<arrow::flight::ResultStream>* results) {
  if (peers_ != nullptr && PeerService::Answers(action.type)) {
    if (!IsPeerCall(context)) return ToFlightStatus(Error(ErrorKind::kForbidden, "only nodes of the cluster may ask this"));
    auto answered = peers_->Answer(action.type, BodyOf(action));
    if (!answered.ok()) return ToFlightStatus(answered.status());
    *results = *std::move(answered);
    return Status::OK();
  }
  if (IsPeerCall(context))
    return ToFlightStatus(Error(ErrorKind::kForbidden, "another node of the cluster may not ask this"));
  auto done = Act(context, action);
  if (!done.ok()) return ToFlightStatus(done.status());
  *results = std::make_unique<arrow::flight::SimpleResultStream>(*std::move(done));
  return Status::OK();
}

Result<ActionResults> FlightService::Act(const Context& context, const arrow::flight::Action& action) {
  const std::string_view body = BodyOf(action);
  if (action.type == "CreatePreparedStatement") return Prepare(context, body);
  if (action.type == "ClosePreparedStatement") {
    ARROW_ASSIGN_OR_RAISE(const auto request, UnpackAs<pb::ActionClosePreparedStatementRequest>(body));
    prepared_.Close(request.prepared_statement_handle());
    return ActionResults();
  }
  if (action.type == arrow::flight::ActionType::kCancelFlightInfo.type) return CancelFlightInfo(body);
  if (action.type == "CancelQuery") return CancelQuery(body);
  if (action.type == arrow::flight::ActionType::kSetSessionOptions.type) return SetSessionOptions(context, body);
  if (action.type == arrow::flight::ActionType::kGetSessionOptions.type) return GetSessionOptions(context);
  if (action.type == arrow::flight::ActionType::kCloseSession.type) {
    context.AddHeader("set-cookie", ExpiredSessionCookie());
    return Serialized(arrow::flight::CloseSessionResult{arrow::flight::CloseSessionStatus::kClosed});
  }
  if (action.type == "BeginTransaction" || action.type == "BeginSavepoint") {
    return Error(ErrorKind::kUnsupported, "there are no transactions");
  }
  return Errorf(ErrorKind::kUnsupported, "unknown action '{}'", action.type.substr(0, 100));
}

Result<ActionResults> FlightService::Prepare(const Context& context, std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(auto request, UnpackAs<pb::ActionCreatePreparedStatementRequest>(body));
  if (!request.transaction_id().empty()) return Error(ErrorKind::kUnsupported, "there are no transactions");
  ARROW_ASSIGN_OR_RAISE(const CallScope scope, ReadScope(context.incoming_headers(), options_.default_database));
  StatementTicket statement;
  statement.set_sql(request.query());
  statement.set_database(scope.database);
  ARROW_ASSIGN_OR_RAISE(const auto description, statements_.Describe(context, statement));
  pb::ActionCreatePreparedStatementResult result;
  ARROW_ASSIGN_OR_RAISE(*result.mutable_dataset_schema(), IpcOf(description.schema));
  ARROW_ASSIGN_OR_RAISE(*result.mutable_parameter_schema(), IpcOf(description.parameters));
  ARROW_ASSIGN_OR_RAISE(*result.mutable_prepared_statement_handle(),
                        prepared_.Add({std::move(*request.mutable_query()), scope.database, {}}));
  return ActionResults{ResultOf(Pack(result))};
}

Result<ActionResults> FlightService::CancelFlightInfo(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const auto request, arrow::flight::CancelFlightInfoRequest::Deserialize(body));
  if (request.info == nullptr) return Error(ErrorKind::kInvalidArgument, "the request has no FlightInfo");
  if (!statements_.Cancel(*request.info)) return Error(ErrorKind::kNotFound, "the query does not run");
  return Serialized(arrow::flight::CancelFlightInfoResult{arrow::flight::CancelStatus::kCancelled});
}

Result<ActionResults> FlightService::CancelQuery(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const auto request, UnpackAs<pb::ActionCancelQueryRequest>(body));
  std::unique_ptr<arrow::flight::FlightInfo> info;
  ARROW_ASSIGN_OR_RAISE(info, arrow::flight::FlightInfo::Deserialize(request.info()));
  if (!statements_.Cancel(*info)) return Error(ErrorKind::kNotFound, "the query does not run");
  pb::ActionCancelQueryResult result;
  result.set_result(pb::ActionCancelQueryResult::CANCEL_RESULT_CANCELLED);
  return ActionResults{ResultOf(Pack(result))};
}

Result<ActionResults> FlightService::SetSessionOptions(const Context& context, std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(const auto request, arrow::flight::SetSessionOptionsRequest::Deserialize(body));
  Session session = ReadSession(context.incoming_headers());
  arrow::flight::SetSessionOptionsResult result;
  for (const auto& [name, value] : request.session_options) {
    const auto error = Apply(name, value, &session);
    if (error != arrow::flight::SetSessionOptionErrorValue::kUnspecified) result.errors[name] = {error};
  }
  context.AddHeader("set-cookie", SessionCookie(session));
  return Serialized(result);
}

Result<ActionResults> FlightService::GetSessionOptions(const Context& context) {
  ARROW_ASSIGN_OR_RAISE(const CallScope scope, ReadScope(context.incoming_headers(), options_.default_database));
  arrow::flight::GetSessionOptionsResult result;
  result.session_options["catalog"] = std::string("lake");
  result.session_options["schema"] = scope.database;
  result.session_options["partitions"] = int64_t{scope.partitions};
  return Serialized(result);
}

}  // namespace gigapi::flight
