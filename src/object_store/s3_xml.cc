#include "object_store/s3_xml.h"

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <ctime>
#include <memory>
#include <sstream>

#include "base/clock.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

using boost::property_tree::ptree;

/// nullptr: the text is something else. Not copied, for lists are long and a start reads many.
std::unique_ptr<ptree> ParseRoot(const std::string& xml, const char* name) {
  ptree document;
  try {
    std::istringstream stream(xml);
    boost::property_tree::read_xml(stream, document, boost::property_tree::xml_parser::trim_whitespace);
  } catch (const boost::property_tree::xml_parser_error&) {
    return nullptr;
  }
  const auto there = document.get_child_optional(name);
  if (!there) return nullptr;
  auto root = std::make_unique<ptree>();
  root->swap(*there);
  return root;
}

Status Unexpected(const char* name) {
  return Errorf(ErrorKind::kUnavailable, "the store's answer is no {}: is it an S3 server?", name);
}

std::string Text(const ptree& node, const char* name) { return node.get<std::string>(name, ""); }

/// encoding-type=url is that of forms: a plus is a space.
std::string Decoded(const ptree& node, const char* name) {
  std::string text = Text(node, name);
  std::replace(text.begin(), text.end(), '+', ' ');
  return PercentDecode(text).value_or("");
}

void AppendEscaped(std::string_view text, std::string* xml) {
  for (const char byte : text) {
    if (byte == '&') *xml += "&amp;";
    else if (byte == '<') *xml += "&lt;";
    else if (byte == '>') *xml += "&gt;";
    else if (byte == '"') *xml += "&quot;";
    else *xml += byte;
  }
}

}  // namespace

Result<S3ObjectList> ParseObjectList(const std::string& xml) {
  const auto root = ParseRoot(xml, "ListBucketResult");
  if (!root) return Unexpected("list of objects");
  S3ObjectList list;
  list.is_truncated = Text(*root, "IsTruncated") == "true";
  for (const auto& [name, node] : *root) {
    if (name != "Contents") continue;
    list.objects.push_back({.key = Decoded(node, "Key"),
                            .size_bytes = node.get<uint64_t>("Size", 0),
                            .modified_ns = ParseStoreTime(Text(node, "LastModified")),
                            .etag = Text(node, "ETag")});
  }
  return list;
}

Result<S3UploadList> ParseUploadList(const std::string& xml) {
  const auto root = ParseRoot(xml, "ListMultipartUploadsResult");
  if (!root) return Unexpected("list of uploads");
  S3UploadList list;
  list.is_truncated = Text(*root, "IsTruncated") == "true";
  list.next_key_marker = Decoded(*root, "NextKeyMarker");
  list.next_upload_id_marker = Text(*root, "NextUploadIdMarker");
  for (const auto& [name, node] : *root) {
    if (name != "Upload") continue;
    list.uploads.push_back({.key = Decoded(node, "Key"),
                            .upload_id = Text(node, "UploadId"),
                            .begun_ns = ParseStoreTime(Text(node, "Initiated"))});
  }
  return list;
}

Result<std::string> ParseUploadId(const std::string& xml) {
  const auto root = ParseRoot(xml, "InitiateMultipartUploadResult");
  const std::string id = root ? Text(*root, "UploadId") : "";
  if (id.empty()) return Unexpected("begun upload");
  return id;
}

std::string ParseErrorCode(const std::string& xml) {
  const auto root = ParseRoot(xml, "Error");
  return root ? Text(*root, "Code") : "";
}

std::string PartListXml(const std::vector<std::string>& etags) {
  std::string xml = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < etags.size(); ++i) {
    xml += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>";
    AppendEscaped(etags[i], &xml);
    xml += "</ETag></Part>";
  }
  return xml + "</CompleteMultipartUpload>";
}

int64_t ParseStoreTime(const std::string& text) {
  std::tm utc{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr) {
    utc = {};
    rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  }
  if (rest == nullptr) return 0;
  int64_t nanos = ::timegm(&utc) * kNanosPerSecond;
  if (*rest == '.') {
    int64_t digit_ns = kNanosPerSecond / 10;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, digit_ns /= 10) nanos += (*rest - '0') * digit_ns;
  }
  return nanos;
}

}  // namespace gigapi
