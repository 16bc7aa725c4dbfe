#include "model/partition.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace gigapi {

std::string HivePath(PartitionKey key) {
  const int64_t day = key.hour / 24 - (key.hour % 24 < 0 ? 1 : 0);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return fmt::format("date={:04}-{:02}-{:02}/hour={:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), key.hour - day * 24);
}

bool ParseHivePath(const std::string& path, PartitionKey* key) {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0;
  int consumed = 0;
  if (std::sscanf(path.c_str(), "date=%4d-%2u-%2u/hour=%2u%n", &year, &month, &day, &hour, &consumed) != 4) return false;
  if (consumed != static_cast<int>(path.size()) || hour > 23) return false;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return false;
  key->hour = static_cast<int64_t>(std::chrono::sys_days{date}.time_since_epoch().count()) * 24 + hour;
  return HivePath(*key) == path;
}

}  // namespace gigapi
