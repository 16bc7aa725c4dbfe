#include "object_store/s3_xml.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(S3Xml, ReadsListsOfObjects) {
  const auto list = ParseObjectList(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><IsTruncated>true</IsTruncated>
<Contents><Key>a/b+c%26%2B</Key><LastModified>2026-01-02T03:04:05.250Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5000000000</Size></Contents>
<Contents><Key>d</Key><LastModified>2026-01-02T03:04:05Z</LastModified><Size>0</Size></Contents></ListBucketResult>)");
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->is_truncated);
  ASSERT_EQ(list->objects.size(), 2U);
  EXPECT_EQ(list->objects[0].key, "a/b c&+");
  EXPECT_EQ(list->objects[0].size_bytes, 5'000'000'000U);
  EXPECT_EQ(list->objects[0].modified_ns, 1'767'323'045'250'000'000);
  EXPECT_EQ(list->objects[0].etag, "\"e\"");
  EXPECT_EQ(list->objects[1].modified_ns, 1'767'323'045'000'000'000);
  EXPECT_EQ(list->objects[1].etag, "");
}

TEST(S3Xml, ReadsListsHoweverTheyAreWritten) {
  const auto list = ParseObjectList(R"(
<!-- from a proxy --><ListBucketResult>
  <Contents>
    <Owner><ID>o</ID><Key>none of this object</Key></Owner>
    <ETag> &#34;&#x65;&apos;&#34; </ETag>
    <Key>a</Key><Size> 7 </Size>
    <RestoreStatus/>
  </Contents>
  <CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>
  <Contents><Key>c</Key><Size>many</Size></Contents>
  <IsTruncated>false</IsTruncated>
</ListBucketResult>)");
  ASSERT_TRUE(list.ok());
  EXPECT_FALSE(list->is_truncated);
  ASSERT_EQ(list->objects.size(), 2U);
  EXPECT_EQ(list->objects[0].key, "a");
  EXPECT_EQ(list->objects[0].size_bytes, 7U);
  EXPECT_EQ(list->objects[0].modified_ns, 0);
  EXPECT_EQ(list->objects[0].etag, "\"e'\"");
  EXPECT_EQ(list->objects[1].key, "c");
  EXPECT_EQ(list->objects[1].size_bytes, 0U);
}

/// Half a page must not pass for the last one.
TEST(S3Xml, RefusesListsThatWereCutShort) {
  const std::string whole = "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>";
  ASSERT_TRUE(ParseObjectList(whole).ok());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(ParseObjectList(whole.substr(0, size)).ok()) << size;
}

TEST(S3Xml, ReadsListsOfUploads) {
  const auto list = ParseUploadList(
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>p%2Fk</NextKeyMarker>"
      "<NextUploadIdMarker>u2</NextUploadIdMarker><Upload><Key>p/k</Key><UploadId>u1</UploadId>"
      "<Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload></ListMultipartUploadsResult>");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->next_key_marker, "p/k");
  EXPECT_EQ(list->next_upload_id_marker, "u2");
  ASSERT_EQ(list->uploads.size(), 1U);
  EXPECT_EQ(list->uploads[0].upload_id, "u1");
  EXPECT_EQ(list->uploads[0].begun_ns, 1'767'323'045'000'000'000);
}

TEST(S3Xml, ReadsErrorsAndUploadIds) {
  EXPECT_EQ(ParseErrorCode("<Error><Code>NoSuchKey</Code><Message>m</Message></Error>"), "NoSuchKey");
  EXPECT_EQ(ParseErrorCode(""), "");
  EXPECT_EQ(ParseErrorCode("<html><body>502</body></html>"), "");
  EXPECT_EQ(ParseErrorCode("{\"no\": \"xml\"}"), "");
  EXPECT_EQ(
      ParseUploadId("<InitiateMultipartUploadResult><UploadId>x.y</UploadId></InitiateMultipartUploadResult>").ValueOrDie(),
      "x.y");
  EXPECT_FALSE(ParseUploadId("<InitiateMultipartUploadResult/>").ok());
  EXPECT_FALSE(ParseObjectList("<html>a proxy</html>").ok());
}

TEST(S3Xml, WritesPartLists) {
  EXPECT_EQ(PartListXml({"\"a\"", "b"}),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>");
}

TEST(S3Xml, ReadsTimesOfHeaders) {
  EXPECT_EQ(ParseStoreTime("Fri, 02 Jan 2026 03:04:05 GMT"), 1'767'323'045'000'000'000);
  EXPECT_EQ(ParseStoreTime("yesterday"), 0);
}

}  // namespace
}  // namespace gigapi
