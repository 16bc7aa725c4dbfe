// Whether files of a folder that no metadata names may be removed as what a crash left over.
//
// An hour's first flush that a crash cut short leaves a file beside no metadata.json, and its rows are still in the log. An
// hour that has lost its metadata.json looks the same, but its rows are nowhere else. What is left of a dropped table looks
// like it, too: its files are older than the drop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file_system.h"
#include "catalog/catalog.h"
#include "storage/file_provenance.h"

namespace gigapi {

/// What a write-ahead log can still give back.
struct LogRemains {
  std::string node;                        // whose log it is
  std::optional<uint64_t> first_sequence;  // of its oldest record, or of its next; nullopt: there is no log
};

/// Whether all rows of a file are in the log: then it is needless. Pure.
bool IsWhollyInLog(const FileProvenance& file, const LogRemains& log);

/// kInternal, naming `gigapi repair`, when an hour without metadata has a file whose rows may be nowhere else. Reads the
/// footers of such hours' files. `root` is the catalog's folder.
Status CheckLeftovers(FileSystem* fs, const std::string& root, const CatalogContents& contents, const LogRemains& log);

}  // namespace gigapi
