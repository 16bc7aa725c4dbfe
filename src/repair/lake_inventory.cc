#include "repair/lake_inventory.h"

#include <algorithm>

namespace gigapi {

bool NeedsFooters(const TableInventory& table, const HourInventory& hour) {
  if (!hour.problem.empty()) return false;
  if (!hour.metadata || table.schema == nullptr) return true;
  return std::ranges::any_of(hour.files, [&](const FoundFile& found) {
    return std::ranges::none_of(hour.metadata->files, [&](const DataFilePtr& listed) {
      return listed->layer == found.layer && listed->key == found.key;
    });
  });
}

}  // namespace gigapi
