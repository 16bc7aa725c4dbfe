#include "server/api/influx/influxql_time.h"

#include <algorithm>
#include <utility>

#include "ingest/time_parser.h"
#include "model/schema.h"
#include "server/http/http.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

void Narrow(std::string_view op, int64_t nanos, TimeRange* range) {
  const auto from = [&](int64_t bound) { range->from = std::max(range->from.value_or(bound), bound); };
  const auto to = [&](int64_t bound) { range->to = std::min(range->to.value_or(bound), bound); };
  if (op == ">") from(nanos == INT64_MAX ? nanos : nanos + 1);
  if (op == "<") to(nanos == INT64_MIN ? nanos : nanos - 1);
  if (op == ">=" || op == "=") from(nanos);
  if (op == "<=" || op == "=") to(nanos);
}

std::string_view Flipped(std::string_view op) {
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {{"<", ">"}, {"<=", ">="}, {">", "<"}, {">=", "<="}};
  const auto* found = std::find_if(std::begin(kPairs), std::end(kPairs), [&](const auto& pair) { return pair.first == op; });
  return found != std::end(kPairs) ? found->second : op;
}

Status Collect(const Expression& node, int64_t now_ns, TimeRange* range) {
  if (node.kind != Kind::kBinary || node.text == "OR") return Status::OK();
  if (node.text == "AND") {
    ARROW_RETURN_NOT_OK(Collect(*node.left, now_ns, range));
    return Collect(*node.right, now_ns, range);
  }
  const bool left = IsTime(*node.left);
  if (!left && !IsTime(*node.right)) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const int64_t nanos, EvaluateNanos(left ? *node.right : *node.left, now_ns));
  Narrow(left ? node.text : Flipped(node.text), nanos, range);
  return Status::OK();
}

}  // namespace

bool IsTime(const Expression& node) { return node.kind == Kind::kName && http::EqualsIgnoringCase(node.text, kTimeColumn); }

Result<int64_t> EvaluateNanos(const Expression& node, int64_t now_ns) {
  if (node.kind == Kind::kInteger || node.kind == Kind::kDuration) return node.integer;
  if (node.kind == Kind::kCall && node.text == "now" && node.arguments.empty()) return now_ns;
  if (node.kind == Kind::kString) {
    int64_t nanos = 0;
    if (ParseTimeText(node.text, &nanos)) return nanos;
    return Errorf(ErrorKind::kInvalidArgument, "invalid timestamp string: {}", node.text);
  }
  if (node.kind == Kind::kBinary && (node.text == "+" || node.text == "-")) {
    ARROW_ASSIGN_OR_RAISE(const int64_t left, EvaluateNanos(*node.left, now_ns));
    ARROW_ASSIGN_OR_RAISE(const int64_t right, EvaluateNanos(*node.right, now_ns));
    int64_t sum = 0;
    const bool overflow =
        node.text == "+" ? __builtin_add_overflow(left, right, &sum) : __builtin_sub_overflow(left, right, &sum);
    if (!overflow) return sum;
  }
  return Error(ErrorKind::kInvalidArgument, "invalid operation: time and an expression that is no time");
}

Result<TimeRange> TimeRangeOf(const Expression* condition, int64_t now_ns) {
  TimeRange range;
  if (condition != nullptr) ARROW_RETURN_NOT_OK(Collect(*condition, now_ns, &range));
  return range;
}

}  // namespace gigapi::influx
