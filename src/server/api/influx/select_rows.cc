#include "server/api/influx/select_rows.h"

#include <fmt/format.h>

namespace gigapi::influx {
namespace {

/// PARTITION BY ..., or nothing.
std::string PartitionBy(const std::vector<std::string>& columns) {
  return columns.empty() ? std::string() : fmt::format("PARTITION BY {} ", fmt::join(columns, ", "));
}

std::string Best(const std::string& from, const std::string& where, const std::vector<std::string>& groups,
                 const std::string& order, const std::string& count) {
  return fmt::format("(SELECT * FROM {} WHERE {} QUALIFY row_number() OVER ({}ORDER BY {}) <= {})", from, where,
                     PartitionBy(groups), order, count);
}

}  // namespace

std::string RankedRows(const RowsInput& input, const Ranking& ranking) {
  std::vector<std::string> groups;
  for (const std::string& tag : input.tags) groups.push_back(fmt::format("coalesce({}, '')", tag));
  if (input.interval) groups.push_back(input.interval("epoch_ns(\"time\")"));
  const std::string order = fmt::format("{}{}, \"time\"", input.field, ranking.highest ? " DESC" : "");
  const std::string where = fmt::format("{} AND {} IS NOT NULL", input.where, input.field);
  if (ranking.distinct.empty()) return Best(input.from, where, groups, order, ranking.count);
  std::vector<std::string> finer = groups;
  finer.insert(finer.end(), ranking.distinct.begin(), ranking.distinct.end());
  return Best(Best(input.from, where, finer, order, "1"), "true", groups, order, ranking.count);
}

std::string AreaPieces(const RowsInput& input, int64_t width_ns, int64_t unit_ns) {
  std::string tags, back;
  std::vector<std::string> groups;
  for (size_t i = 0; i < input.tags.size(); ++i) {
    tags += fmt::format("coalesce({}, '') AS t{}, ", input.tags[i], i);
    back += fmt::format("t{} AS {}, ", i, input.tags[i]);
    groups.push_back(fmt::format("t{}", i));
  }
  // v and n: value and time of a point; pv and pn: of the one before.
  const std::string points = fmt::format(
      "(SELECT *, lag(v) OVER w AS pv, lag(n) OVER w AS pn FROM (SELECT {}CAST({} AS DOUBLE) AS v, epoch_ns(\"time\") "
      "AS n FROM {} WHERE {}) WHERE v IS NOT NULL WINDOW w AS ({}ORDER BY n))",
      tags, input.field, input.from, input.where, PartitionBy(groups));
  const auto piece = [](std::string_view time, const std::string& area) {
    return fmt::format("{{'t': {}, 'a': {}}}", time, area);
  };
  const std::string whole =
      fmt::format("[{}]", piece("n", fmt::format("coalesce((v + pv) / 2 * (n - pn), 0) / {}", unit_ns)));
  std::string pieces = whole;
  if (input.interval) {
    const std::string end = fmt::format("({} + {})", input.interval("pn"), width_ns);
    const std::string at_end = fmt::format("(pv + (v - pv) * ({} - pn) / (n - pn))", end);
    pieces =
        fmt::format("CASE WHEN pn IS NULL OR {} = {} THEN {} ELSE [{}, {}] END", input.interval("pn"), input.interval("n"),
                    whole, piece("pn", fmt::format("(pv + {}) / 2 * ({} - pn) / {}", at_end, end, unit_ns)),
                    piece("n", fmt::format("({} + v) / 2 * (n - {}) / {}", at_end, end, unit_ns)));
  }
  return fmt::format("(SELECT {}make_timestamp_ns(p.t) AS \"time\", p.a AS {} FROM (SELECT *, unnest({}) AS p FROM {}))",
                     back, kAreaColumn, pieces, points);
}

}  // namespace gigapi::influx
