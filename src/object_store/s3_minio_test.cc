// S3 stores against a MinIO that the test starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "object_store/open_store.h"
#include "object_store/s3_client.h"
#include "object_store/s3_store.h"
#include "object_store/testing/minio_server.h"
#include "object_store/testing/store_conformance.h"

namespace gigapi {
namespace {

TEST(S3Minio, PassesTheConformanceSuite) {
  const auto minio = MinioServer::Start(GIGAPI_SOURCE_DIR);
  if (!minio.ok() && KindOf(minio.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << minio.status().message();
  ASSERT_TRUE(minio.ok()) << minio.status().ToString();
  RunStoreChecks({"S3Store", [&] { return (*minio)->MakeStore(); }});

  const auto store = (*minio)->MakeStore().ValueOrDie();
  EXPECT_TRUE(VerifyConditionalPuts(store.get(), "probe/").ok());
  EXPECT_TRUE(ListAll(store.get(), "").ValueOrDie().empty());

  const auto probe = [&](const std::string& address, const StoreCredentials& credentials) {
    const auto other = OpenStore(ParseStoreUrl(address).ValueOrDie(), credentials, LocalFileSystem()).ValueOrDie();
    const Status status = other->Probe();
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.ToString().find("wrong-secret"), std::string::npos) << status.ToString();
    EXPECT_EQ(status.ToString().find(MinioServer::kSecretKey), std::string::npos) << status.ToString();
    return status;
  };
  const StoreCredentials right{.auth_key = MinioServer::kAccessKey, .auth_secret = MinioServer::kSecretKey};
  const std::string address = (*minio)->Url("");
  const Status wrong_secret = probe(address, {.auth_key = MinioServer::kAccessKey, .auth_secret = "wrong-secret"});
  EXPECT_EQ(KindOf(wrong_secret), ErrorKind::kForbidden);
  EXPECT_THAT(wrong_secret.message(), testing::HasSubstr("the secret key is wrong"));
  EXPECT_THAT(probe(address, {.auth_key = "nobody", .auth_secret = "wrong-secret"}).message(),
              testing::HasSubstr("does not know the access key"));
  std::string no_bucket = address;
  no_bucket.replace(no_bucket.find("/lake/"), 6, "/none-such/");
  const Status missing = probe(no_bucket, right);
  EXPECT_EQ(KindOf(missing), ErrorKind::kInvalidArgument);
  EXPECT_THAT(missing.message(), testing::HasSubstr("there is no such bucket"));
}

TEST(S3Minio, SweepsUploadsOfItsOwnPrefix) {
  const auto minio = MinioServer::Start(GIGAPI_SOURCE_DIR);
  if (!minio.ok() && KindOf(minio.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << minio.status().message();
  ASSERT_TRUE(minio.ok()) << minio.status().ToString();
  const auto credentials = [] {
    return FixedCredentials({.access_key = MinioServer::kAccessKey, .secret_key = MinioServer::kSecretKey});
  };
  const auto store_of = [&](const std::string& prefix) {
    return MakeS3Store(ParseStoreUrl((*minio)->Url(prefix)).ValueOrDie(), credentials(), {}).ValueOrDie();
  };
  // Begun as S3Writer does, and left as by a node that was killed.
  const StoreUrl url = ParseStoreUrl((*minio)->Url("")).ValueOrDie();
  S3Client client(url, HttpTransport::Make(EndpointOf(url), {}).ValueOrDie(), credentials(), {});
  for (const std::string key : {"mine/db/t/a.parquet", "mine/db/t/a.parquet", "mine/b c", "mine.not", "other/a"}) {
    ASSERT_TRUE(client.Demand({.method = "POST", .key = key, .parameters = {{"uploads", ""}}}).ok());
  }
  const auto mine = store_of("mine");
  EXPECT_EQ(mine->RemoveUnfinished(WallNanos() - kNanosPerHour).ValueOrDie(), 0) << "younger";
  EXPECT_EQ(mine->RemoveUnfinished(WallNanos() + kNanosPerHour).ValueOrDie(), 3);
  EXPECT_EQ(mine->RemoveUnfinished(WallNanos() + kNanosPerHour).ValueOrDie(), 0);
  EXPECT_EQ(store_of("other")->RemoveUnfinished(WallNanos() + kNanosPerHour).ValueOrDie(), 1) << "it was left alone";
}

TEST(S3Minio, SpeaksTls) {
  const auto minio = MinioServer::StartSecure(GIGAPI_SOURCE_DIR);
  if (!minio.ok() && KindOf(minio.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << minio.status().message();
  ASSERT_TRUE(minio.ok()) << minio.status().ToString();
  const auto store = (*minio)->MakeStore().ValueOrDie();
  const std::string content(20'000'000, 'x');
  ASSERT_TRUE(PutObject(store.get(), "a/b", content).ok());
  EXPECT_TRUE(store->Get("a/b").ValueOrDie().content == content);
  EXPECT_TRUE(VerifyConditionalPuts(store.get(), "").ok());

  const StoreUrl url = ParseStoreUrl((*minio)->Url("")).ValueOrDie();
  const auto distrustful =
      MakeS3Store(url, FixedCredentials({.access_key = MinioServer::kAccessKey, .secret_key = MinioServer::kSecretKey}),
                  {.transport = {}, .retries = {.attempts_max = 1}});
  const Status refused = (*distrustful)->Probe();
  EXPECT_THAT(refused.message(), testing::HasSubstr("certificate verify failed"));
}

}  // namespace
}  // namespace gigapi
