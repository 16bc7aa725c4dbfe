#include "base/file_system.h"

#include "base/path.h"

namespace gigapi {

Result<std::string> ReadWholeFile(FileSystem* fs, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, fs->OpenForRead(path));
  std::string content(file->size(), '\0');
  ARROW_ASSIGN_OR_RAISE(const size_t size, file->ReadAt(0, content.size(), content.data()));
  content.resize(size);
  return content;
}

Status MakeDirectories(FileSystem* fs, const std::string& directory, const std::string& top) {
  std::string existing = directory;  // the deepest folder that is there
  while (existing.size() > 1) {
    ARROW_ASSIGN_OR_RAISE(const bool exists, fs->Exists(existing));
    if (exists) break;
    existing = ParentOf(existing);
  }
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(directory));
  for (std::string made = directory; made.size() > top.size() || made.size() > existing.size();) {
    made = ParentOf(made);
    ARROW_RETURN_NOT_OK(fs->SyncDirectory(made));
  }
  return Status::OK();
}

Status ReplaceFile(FileSystem* fs, const std::string& path, std::string_view content) {
  const std::string backup = path + ".bak";
  ARROW_ASSIGN_OR_RAISE(const auto file, fs->Create(backup));
  ARROW_RETURN_NOT_OK(file->Append(content));
  ARROW_RETURN_NOT_OK(file->Sync());
  ARROW_RETURN_NOT_OK(file->Close());
  ARROW_RETURN_NOT_OK(fs->Rename(backup, path));
  return fs->SyncDirectory(ParentOf(path));
}

}  // namespace gigapi
