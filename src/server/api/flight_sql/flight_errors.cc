#include "server/api/flight_sql/flight_errors.h"

#include <arrow/flight/types.h>

#include "server/error_table.h"

namespace gigapi::flight {

Status ToFlightStatus(const Status& status) {
  if (status.ok()) return status;
  std::string message = ClientMessage(status);
  using arrow::flight::FlightStatusCode;
  using arrow::flight::MakeFlightError;
  // Arrow turns a Status into a gRPC code and has no way to say ABORTED (10), OUT_OF_RANGE (11) and RESOURCE_EXHAUSTED (8):
  // the nearest that it has stand in.
  switch (MappingOf(KindOf(status)).grpc_code) {
    case 3:
    case 11: return Status::Invalid(message);
    case 5: return Status::KeyError(message);
    case 10: return Status::AlreadyExists(message);
    case 12: return Status::NotImplemented(message);
    case 1: return MakeFlightError(FlightStatusCode::Cancelled, std::move(message));
    case 4: return MakeFlightError(FlightStatusCode::TimedOut, std::move(message));
    case 7: return MakeFlightError(FlightStatusCode::Unauthorized, std::move(message));
    case 16: return MakeFlightError(FlightStatusCode::Unauthenticated, std::move(message));
    case 8:
    case 14: return MakeFlightError(FlightStatusCode::Unavailable, std::move(message));
    default: return MakeFlightError(FlightStatusCode::Internal, std::move(message));
  }
}

}  // namespace gigapi::flight
