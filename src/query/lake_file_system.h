// The only file system that DuckDB has here. It opens what a file list of ours marked, for reading, and nothing else: a path
// that comes from SQL carries no mark. Files are named "lake://<id>" toward DuckDB, so no path of the server can show up in
// an error or a plan.
//
// When queries may spill, temporary files under one directory are passed through to the local file system: only files that
// are opened for writing, which no statement that gets past the guard can do.
#pragma once

#include <memory>
#include <string>

#include "query/duckdb_headers.h"
#include "query/scan_reads.h"
#include "storage/data_file.h"

namespace gigapi {

inline constexpr const char* kLakeScheme = "lake://";
inline constexpr const char* kMemoryScheme = "mem://";

/// The name of a file toward DuckDB, with the mark that lets LakeFileSystem open it. The mark is the address of `file`,
/// which must live as long as the answer is used: as long as the snapshot that the scan reads. So must `reads`, where what
/// is read of the file counts.
duckdb::OpenFileInfo MarkedFile(const DataFile& file, ScanReads* reads);

/// `temp_directory` empty: no file may be written.
std::unique_ptr<duckdb::FileSystem> MakeLakeFileSystem(const std::string& temp_directory);

}  // namespace gigapi
