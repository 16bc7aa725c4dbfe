#include "object_store/store_url.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

StoreUrl Parse(std::string_view text) {
  auto url = ParseStoreUrl(text);
  EXPECT_TRUE(url.ok()) << text << ": " << url.status().ToString();
  return url.ok() ? *url : StoreUrl{};
}

TEST(StoreUrl, ReadsS3AsGigApiWritesIt) {
  EXPECT_EQ(Parse("s3://s3.amazonaws.com/my-bucket/data"), (StoreUrl{.kind = StoreKind::kS3,
                                                                     .bucket = "my-bucket",
                                                                     .prefix = "data/",
                                                                     .host = "s3.amazonaws.com",
                                                                     .port = 443,
                                                                     .secure = true,
                                                                     .url_style = S3UrlStyle::kVirtualHost,
                                                                     .region = "us-east-1"}));
  EXPECT_EQ(Parse("s3://localhost:9000/gigapi?secure=false&url-style=path"), (StoreUrl{.kind = StoreKind::kS3,
                                                                                       .bucket = "gigapi",
                                                                                       .host = "localhost",
                                                                                       .port = 9000,
                                                                                       .secure = false,
                                                                                       .url_style = S3UrlStyle::kPath,
                                                                                       .region = "us-east-1"}));
  const StoreUrl spaces = Parse("s3://nyc3.digitaloceanspaces.com/my-space/a/b%20c/?url-style=path&region=nyc3");
  EXPECT_EQ(spaces.prefix, "a/b c/");
  EXPECT_EQ(spaces.region, "nyc3");
  EXPECT_EQ(spaces.url_style, S3UrlStyle::kPath);
}

TEST(StoreUrl, ChoosesWhatIsNotSaid) {
  EXPECT_EQ(Parse("s3://127.0.0.1:9000/bucket").url_style, S3UrlStyle::kPath);
  EXPECT_EQ(Parse("s3://minio:9000/bucket?secure=false").url_style, S3UrlStyle::kPath);
  EXPECT_EQ(Parse("s3://minio:9000/bucket?url-style=vhost").url_style, S3UrlStyle::kVirtualHost);
  EXPECT_EQ(Parse("s3://[::1]:9000/bucket").host, "[::1]");
  EXPECT_EQ(Parse("s3://[::1]:9000/bucket").port, 9000);
  EXPECT_EQ(Parse("s3://minio.lan/bucket").url_style, S3UrlStyle::kVirtualHost);
  EXPECT_EQ(Parse("s3://minio.lan/bucket?secure=false").port, 80);
  EXPECT_EQ(Parse("s3://MinIO.lan/bucket").host, "minio.lan");
  EXPECT_EQ(Parse("s3://s3.eu-west-1.amazonaws.com/bucket").region, "eu-west-1");
  EXPECT_EQ(Parse("s3://s3.dualstack.eu-west-1.amazonaws.com/bucket").region, "eu-west-1");
  EXPECT_EQ(Parse("s3://s3.cn-north-1.amazonaws.com.cn/bucket").region, "cn-north-1");
  EXPECT_EQ(Parse("s3://0123.r2.cloudflarestorage.com/bucket").region, "auto");
}

TEST(StoreUrl, ParametersMayBeEmptyAndOfAnyCase) {
  EXPECT_EQ(Parse("s3://s3.amazonaws.com/bucket?secure=&url-style=&region="), Parse("s3://s3.amazonaws.com/bucket"));
  for (const char* yes : {"true", "True", "TRUE", "1"}) {
    EXPECT_TRUE(Parse(std::string("s3://host/bucket?secure=") + yes).secure) << yes;
  }
  for (const char* no : {"false", "False", "0"}) {
    EXPECT_FALSE(Parse(std::string("s3://host/bucket?secure=") + no).secure) << no;
  }
  EXPECT_EQ(Parse("s3://s3.lan/bucket?url-style=Path").url_style, S3UrlStyle::kPath);
}

TEST(StoreUrl, ReadsTheOthers) {
  EXPECT_EQ(Parse("file:///data/").path, "/data");
  EXPECT_EQ(Parse("/data").path, "/data");
  EXPECT_EQ(Parse("file:///").path, "/");
  EXPECT_EQ(Parse("gs://bucket/a/b"), (StoreUrl{.kind = StoreKind::kGcs, .bucket = "bucket", .prefix = "a/b/"}));
  const StoreUrl azure{.kind = StoreKind::kAzure, .bucket = "container", .prefix = "a/", .account = "account"};
  EXPECT_EQ(Parse("abfs://container@account/a"), azure);
  EXPECT_EQ(Parse("abfss://container@account.dfs.core.windows.net/a/"), azure);
}

TEST(StoreUrl, ReadsEndpointsOfGcsAndAzure) {
  EXPECT_EQ(
      Parse("gs://bucket/a?endpoint=127.0.0.1:4443&secure=false"),
      (StoreUrl{
          .kind = StoreKind::kGcs, .bucket = "bucket", .prefix = "a/", .host = "127.0.0.1", .port = 4443, .secure = false}));
  EXPECT_EQ(Parse("gs://bucket?secure=false&endpoint=gcs.lan").port, 80);
  EXPECT_EQ(Parse("abfs://container@account/a?endpoint=azure.lan"), (StoreUrl{.kind = StoreKind::kAzure,
                                                                              .bucket = "container",
                                                                              .prefix = "a/",
                                                                              .account = "account",
                                                                              .host = "azure.lan",
                                                                              .port = 443,
                                                                              .secure = true}));
}

TEST(StoreUrl, ReadsWhatItWrote) {
  for (const char* text : {"s3://s3.amazonaws.com/my-bucket/data", "s3://localhost:9000/gigapi?secure=false&url-style=path",
                           "s3://minio.lan/bucket/a%20b/c%25?region=x", "gs://bucket", "gs://bucket/a", "file:///data/x",
                           "abfs://container@account/a", "gs://bucket/a?endpoint=gcs.lan&secure=false",
                           "abfs://container@account?endpoint=127.0.0.1:10000&secure=false"}) {
    EXPECT_EQ(Parse(ToString(Parse(text))), Parse(text)) << ToString(Parse(text));
  }
}

TEST(StoreUrl, RefusesOthersAndRepeatsNothing) {
  for (const char* text : {"",
                           "data",
                           "file://data",
                           "file:data",
                           "http://host/bucket",
                           "s3://",
                           "s3://host",
                           "s3://host/",
                           "s3:///bucket",
                           "s3://host:0/bucket",
                           "s3://host:99999/bucket",
                           "s3://host:/bucket",
                           "s3://host/b",
                           "s3://host/buc ket",
                           "s3://host/bucket/../x",
                           "s3://host/bucket//x",
                           "s3://host/bucket/%zz",
                           "s3://host/bucket?secure=yes",
                           "s3://host/bucket?secret_key=",
                           "s3://host/bucket?url-style=dns",
                           "s3://host/bucket?secret_key=hunter2",
                           "s3://127.0.0.1/bucket?url-style=vhost",
                           "s3://key:hunter2@host/bucket",
                           "gs://x",
                           "gs://bucket?a=b",
                           "gs://bucket?secure=false",
                           "gs://bucket?endpoint=host&secure=no",
                           "gs://bucket?endpoint=hunter2@host",
                           "abfs://container@account/a?endpoint=",
                           "abfs://container@account/a?endpoint=host:99999",
                           "abfs://container@account/a?sig=hunter2",
                           "abfs://container/a",
                           "abfs://a@b@c/x",
                           "abfs://container@account:hunter2/x",
                           "s3://ho st/bucket"}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(KindOf(url.status()), ErrorKind::kInvalidArgument);
    EXPECT_EQ(url.status().ToString().find("hunter2"), std::string::npos) << url.status().ToString();
  }
}

}  // namespace
}  // namespace gigapi
