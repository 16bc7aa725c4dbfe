// Counts the large blocks that queries get by operator new: what median() gathers, and the texts that format() makes, are
// known neither to DuckDB's memory limit nor to its allocators. Together with those it is what vector_memory.h limits.
//
// The program's operator new and delete are replaced for it. Only blocks of a megabyte and more cost anything, and only
// those are counted that a query asks for: what the other parts of the server get is never refused.
#pragma once

#include <string>

namespace gigapi {

/// While it lives the thread works for queries.
class QueryThreadScope {
 public:
  QueryThreadScope();
  ~QueryThreadScope();
  QueryThreadScope(const QueryThreadScope&) = delete;
  QueryThreadScope& operator=(const QueryThreadScope&) = delete;
};

/// While it lives the thread is called what threads of DuckDB are known by: those that it starts have its name.
class QueryThreadName {
 public:
  QueryThreadName();
  ~QueryThreadName();
  QueryThreadName(const QueryThreadName&) = delete;
  QueryThreadName& operator=(const QueryThreadName&) = delete;

 private:
  std::string before_;
};

}  // namespace gigapi
