// What was dropped and when, as log sequences: rows of records up to a drop's sequence are gone, whatever files and log
// records still hold them. One small file, <root>/.gigapi/drops.json, whose replacement is the moment in which a table or a
// database is gone for good (docs/lake_layout.md). Values and text; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gigapi {

struct Drop {
  std::string database;
  std::string table;       // empty: the whole database
  uint64_t sequence = 0;   // rows of records up to this one are gone
  bool recreated = false;  // of a database: it was made anew, and exists even when it has no table
  /// Steady clock: files of what was dropped may lie in layers until then. Of this run alone, not in the text.
  int64_t files_until_ns = 0;

  bool operator==(const Drop&) const = default;
};

class DropList {
 public:
  /// Adds the drop, or raises the sequence of the same one.
  void Add(Drop drop);
  /// The sequence up to which rows of the table are gone; 0: none.
  uint64_t DroppedUpTo(std::string_view database, std::string_view table) const;
  /// The drop of the database as a whole; nullptr when there was none.
  Drop* FindDatabase(std::string_view database);
  const Drop* FindDatabase(std::string_view database) const { return const_cast<DropList*>(this)->FindDatabase(database); }
  uint64_t max_sequence() const;

  std::vector<Drop>& drops() { return drops_; }
  const std::vector<Drop>& drops() const { return drops_; }

 private:
  std::vector<Drop> drops_;
};

std::string EncodeDropList(const DropList& list);
Result<DropList> DecodeDropList(std::string_view json);

}  // namespace gigapi
