// What S3 answers in XML. Pure. A text that is not what is expected is kUnavailable: something else has answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gigapi {

struct S3ListedObject {
  std::string key;
  uint64_t size_bytes = 0;
  int64_t modified_ns = 0;
  std::string etag;  // with its quotes, as headers have it
};

struct S3ObjectList {
  std::vector<S3ListedObject> objects;
  bool is_truncated = false;
};

struct S3Upload {
  std::string key;
  std::string upload_id;
  int64_t begun_ns = 0;
};

struct S3UploadList {
  std::vector<S3Upload> uploads;
  bool is_truncated = false;
  std::string next_key_marker;
  std::string next_upload_id_marker;
};

/// Of ListObjectsV2 and ListMultipartUploads with encoding-type=url; keys come decoded. A list of objects may be long: it is
/// parsed where it lies.
Result<S3ObjectList> ParseObjectList(std::string xml);
Result<S3UploadList> ParseUploadList(const std::string& xml);
/// Of CreateMultipartUpload.
Result<std::string> ParseUploadId(const std::string& xml);
/// The code of an error, such as NoSuchKey; empty when the text is no error of S3.
std::string ParseErrorCode(const std::string& xml);

/// The body of CompleteMultipartUpload: the ETags of parts 1, 2, ...
std::string PartListXml(const std::vector<std::string>& etags);

/// "2026-01-02T03:04:05.678Z", or of a header "Fri, 02 Jan 2026 03:04:05 GMT"; 0 for another text.
int64_t ParseStoreTime(const std::string& text);

}  // namespace gigapi
