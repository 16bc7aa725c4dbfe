// GCS and Azure against emulators that the tests start.
#include "object_store/cloud_stores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "object_store/open_store.h"
#include "object_store/testing/cloud_emulators.h"
#include "object_store/testing/store_conformance.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<std::unique_ptr<ObjectStore>> Open(const std::string& address, const StoreCredentials& credentials) {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(address));
  return OpenStore(url, credentials, LocalFileSystem());
}

Status ProbeOf(const std::string& address, const StoreCredentials& credentials) {
  ARROW_ASSIGN_OR_RAISE(const auto store, Open(address, credentials));
  return store->Probe();
}

class CloudStores : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const bool is_gcs = std::string(GetParam()) == "Gcs";
    auto started = is_gcs ? CloudEmulator::StartGcs(GIGAPI_SOURCE_DIR) : CloudEmulator::StartAzure(GIGAPI_SOURCE_DIR);
    if (!started.ok() && KindOf(started.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << started.status().message();
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    emulator_ = *std::move(started);
  }

  std::unique_ptr<CloudEmulator> emulator_;
};

TEST_P(CloudStores, PassTheConformanceSuite) {
  RunStoreChecks({.name = GetParam(), .make_empty = [&] { return emulator_->MakeStore(); }, .has_conditional_puts = false});
}

TEST_P(CloudStores, SayThatThereIsNoSuchBucket) {
  const Status missing = ProbeOf(emulator_->Url("none-such", "lake"), emulator_->credentials());
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(KindOf(missing), ErrorKind::kInvalidArgument);
  EXPECT_THAT(missing.message(), HasSubstr("there is no such bucket"));
  EXPECT_TRUE(ProbeOf(emulator_->Url(CloudEmulator::kBucket, "nothing/yet"), emulator_->credentials()).ok());
}

TEST_P(CloudStores, SayThatNobodyAnswers) {
  const StoreUrl url = ParseStoreUrl(emulator_->Url(CloudEmulator::kBucket, "lake")).ValueOrDie();
  const auto store = url.kind == StoreKind::kGcs ? MakeGcsStore(url, "", 500).ValueOrDie()
                                                 : MakeAzureStore(url, emulator_->credentials().auth_secret).ValueOrDie();
  ASSERT_TRUE(PutObject(store.get(), "a", "0123456789").ok());
  const auto file = store->Open("a", 10).ValueOrDie();
  auto writer = store->Create("b").ValueOrDie();
  ASSERT_TRUE(writer->Append("begun").ok());
  emulator_->Kill();
  char out[10];
  for (const Status& failed : {file->ReadAt(0, 10, out).status(), writer->Commit(), store->Probe()}) {
    EXPECT_EQ(KindOf(failed), ErrorKind::kUnavailable) << failed.ToString();
    EXPECT_THAT(failed.message(), HasSubstr("onnect"));
  }
  writer.reset();
  EXPECT_GT(store->metrics().failures_total, 2);
}

TEST(AzureStore, SaysThatItsKeyIsWrong) {
  const auto emulator = CloudEmulator::StartAzure(GIGAPI_SOURCE_DIR);
  if (!emulator.ok() && KindOf(emulator.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << emulator.status().message();
  ASSERT_TRUE(emulator.ok()) << emulator.status().ToString();
  constexpr const char* kWrong = "d3Jvbmctc2VjcmV0";
  const auto store = Open((*emulator)->Url(CloudEmulator::kBucket, "lake"), {.auth_secret = kWrong}).ValueOrDie();
  for (const Status& refused : {store->Probe(), PutObject(store.get(), "a", "b"), store->Get("a").status()}) {
    EXPECT_EQ(KindOf(refused), ErrorKind::kForbidden);
    EXPECT_THAT(refused.ToString(), Not(HasSubstr(kWrong)));
    EXPECT_THAT(refused.ToString(), Not(HasSubstr("wrong-secret")));
  }
}

TEST(CloudStoresOffline, AreMadeWithoutAskingThem) {
  const auto azure = Open("abfs://container@account/lake", {.auth_secret = "c2VjcmV0LWtleQ=="});
  ASSERT_TRUE(azure.ok()) << azure.status().ToString();
  EXPECT_EQ((*azure)->Describe(), "abfs://container@account.dfs.core.windows.net/lake/");
  EXPECT_TRUE(Open("abfs://container@account/lake", {.auth_key = "account", .auth_secret = "c2VjcmV0LWtleQ=="}).ok());
  const auto gcs = Open("gs://bucket/lake?endpoint=gcs.lan:4443&secure=false", {});
  ASSERT_TRUE(gcs.ok()) << gcs.status().ToString();
  EXPECT_EQ((*gcs)->Describe(), "gs://bucket/lake/?endpoint=gcs.lan:4443&secure=false");
}

TEST(CloudStoresOffline, RefuseCredentialsThatTheyWouldNotUse) {
  const auto why_not = [](const std::string& address, const StoreCredentials& credentials) {
    const auto store = Open(address, credentials);
    EXPECT_FALSE(store.ok()) << address;
    EXPECT_THAT(store.status().ToString(), Not(HasSubstr("hunter2")));
    return store.ok() ? "" : store.status().message();
  };
  EXPECT_THAT(why_not("gs://bucket", {.auth_key = "a"}), HasSubstr("has no auth_key"));
  EXPECT_THAT(why_not("gs://bucket", {.auth_secret = "hunter2"}), HasSubstr("key file (JSON)"));
  EXPECT_THAT(why_not("gs://bucket?endpoint=gcs.lan&secure=false", {.auth_secret = "{}"}), HasSubstr("unset auth_secret"));
  EXPECT_THAT(why_not("abfs://container@account", {.auth_key = "account"}), HasSubstr("without auth_secret"));
  EXPECT_THAT(why_not("abfs://container@account", {.auth_key = "other", .auth_secret = "aGVsbG8="}),
              HasSubstr("the name of its account"));
  EXPECT_THAT(why_not("abfs://container@account", {.auth_secret = "hunter2!"}), HasSubstr("is base64"));
}

TEST(CloudStoresOffline, SayThatAServiceAccountsKeyIsNone) {
  for (const char* text :
       {"{\"private_key\": \"hunter2\"}", "{hunter2",
        R"({"type": "service_account", "client_email": "a@b", "private_key_id": "1", "private_key": "hunter2",
                               "token_uri": "https://127.0.0.1:1/"})"}) {
    const Status failed = ProbeOf("gs://bucket", {.auth_secret = text});
    EXPECT_FALSE(failed.ok());
    EXPECT_THAT(failed.ToString(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(failed.ToString(), HasSubstr("ServiceAccountCredentials"));
  }
}

INSTANTIATE_TEST_SUITE_P(Emulated, CloudStores, testing::Values("Gcs", "Azure"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gigapi
