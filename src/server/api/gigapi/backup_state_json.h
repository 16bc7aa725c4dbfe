// What the routes of backups and restores read and answer.
#pragma once

#include <string>

#include "backup/backup_state.h"
#include "server/api/gigapi/backup_routes.h"
#include "server/json_body.h"

namespace gigapi {

inline constexpr int64_t kBackupBodyBytesMax = 64 << 10;

std::string BackupStateJson(const BackupState& state);

/// The address of a place, under "url". kForbidden for a folder where strangers may ask.
Result<std::string> ReadPlace(const JsonBody& body, const BackupRoutesOptions& options);

}  // namespace gigapi
