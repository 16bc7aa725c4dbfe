#include "query/sql_functions.h"

#include "query/date_bin.h"
#include "query/time_comparison.h"

namespace gigapi {

void RegisterSqlFunctions(duckdb::DatabaseInstance& db) {
  duckdb::ExtensionLoader loader(db, "lake");
  RegisterTimeComparison(&loader);
  RegisterDateBin(&loader);
}

}  // namespace gigapi
