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
