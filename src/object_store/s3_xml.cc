#include "object_store/s3_xml.h"

#include <algorithm>
#include <boost/property_tree/detail/rapidxml.hpp>
#include <charconv>
#include <ctime>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/percent_encoding.h"

namespace gigapi {
namespace {

// What boost::property_tree parses XML with. With the tree that it makes of that, a list costs seven times as much, and a
// start lists a bucket's files by the hundred thousand.
namespace rapidxml = boost::property_tree::detail::rapidxml;
using XmlNode = rapidxml::xml_node<char>;

/// A parsed text, of which nodes are parts.
class XmlDocument {
 public:
  explicit XmlDocument(std::string xml) : text_(std::move(xml)), nodes_(std::make_unique<rapidxml::xml_document<char>>()) {
    try {
      nodes_->parse<rapidxml::parse_trim_whitespace | rapidxml::parse_no_data_nodes>(text_.data());
    } catch (const rapidxml::parse_error&) {
      nodes_->clear();
    }
  }

  /// nullptr: the text is something else.
  const XmlNode* Root(const char* name) const { return nodes_->first_node(name); }

 private:
  std::string text_;
  std::unique_ptr<rapidxml::xml_document<char>> nodes_;
};

Status Unexpected(const char* name) {
  return Errorf(ErrorKind::kUnavailable, "the store's answer is no {}: is it an S3 server?", name);
}

std::string Text(const XmlNode& node, const char* name) {
  const XmlNode* const child = node.first_node(name);
  return child == nullptr ? std::string() : std::string(child->value(), child->value_size());
}

uint64_t Number(const XmlNode& node, const char* name) {
  const std::string text = Text(node, name);
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// encoding-type=url is that of forms: a plus is a space.
std::string Decoded(const XmlNode& node, const char* name) {
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

Result<S3ObjectList> ParseObjectList(std::string xml) {
  const XmlDocument document(std::move(xml));
  const XmlNode* const root = document.Root("ListBucketResult");
  if (root == nullptr) return Unexpected("list of objects");
  S3ObjectList list;
  list.is_truncated = Text(*root, "IsTruncated") == "true";
  for (const XmlNode* node = root->first_node("Contents"); node != nullptr; node = node->next_sibling("Contents")) {
    list.objects.push_back({.key = Decoded(*node, "Key"),
                            .size_bytes = Number(*node, "Size"),
                            .modified_ns = ParseStoreTime(Text(*node, "LastModified")),
                            .etag = Text(*node, "ETag")});
  }
  return list;
}

Result<S3UploadList> ParseUploadList(const std::string& xml) {
  const XmlDocument document(xml);
  const XmlNode* const root = document.Root("ListMultipartUploadsResult");
  if (root == nullptr) return Unexpected("list of uploads");
  S3UploadList list;
  list.is_truncated = Text(*root, "IsTruncated") == "true";
  list.next_key_marker = Decoded(*root, "NextKeyMarker");
  list.next_upload_id_marker = Text(*root, "NextUploadIdMarker");
  for (const XmlNode* node = root->first_node("Upload"); node != nullptr; node = node->next_sibling("Upload")) {
    list.uploads.push_back({.key = Decoded(*node, "Key"),
                            .upload_id = Text(*node, "UploadId"),
                            .begun_ns = ParseStoreTime(Text(*node, "Initiated"))});
  }
  return list;
}

Result<std::string> ParseUploadId(const std::string& xml) {
  const XmlDocument document(xml);
  const XmlNode* const root = document.Root("InitiateMultipartUploadResult");
  const std::string id = root == nullptr ? "" : Text(*root, "UploadId");
  if (id.empty()) return Unexpected("begun upload");
  return id;
}

std::string ParseErrorCode(const std::string& xml) {
  const XmlDocument document(xml);
  const XmlNode* const root = document.Root("Error");
  return root == nullptr ? "" : Text(*root, "Code");
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
