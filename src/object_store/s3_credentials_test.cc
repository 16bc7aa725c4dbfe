#include "object_store/s3_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/uuid.h"

namespace gigapi {
namespace {

/// Without the environment and the files of whoever runs the tests, and without asking the machine's metadata service.
class S3CredentialsTest : public testing::Test {
 protected:
  S3CredentialsTest() {
    std::filesystem::create_directories(home_);
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"})
      ::unsetenv(name);
    ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    ::setenv("AWS_CONFIG_FILE", (home_ + "/config").c_str(), 1);
    ::setenv("AWS_SHARED_CREDENTIALS_FILE", (home_ + "/credentials").c_str(), 1);
  }
  ~S3CredentialsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }

  const std::string home_ = testing::TempDir() + "/s3_credentials_test." + NewUuid();
};

TEST_F(S3CredentialsTest, TakesThoseOfTheEnvironment) {
  ::setenv("AWS_ACCESS_KEY_ID", "key", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  ::setenv("AWS_SESSION_TOKEN", "token", 1);
  const auto found = UsualCredentials()->Get();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "key");
  EXPECT_EQ(found->secret_key, "secret");
  EXPECT_EQ(found->session_token, "token");
}

TEST_F(S3CredentialsTest, TakesThoseOfAProfileElseSaysWhatToSet) {
  const Status none = UsualCredentials()->Get().status();
  EXPECT_EQ(KindOf(none), ErrorKind::kForbidden);
  EXPECT_THAT(none.message(), testing::HasSubstr("auth_key"));

  std::ofstream(home_ + "/credentials")
      << "[work]\naws_access_key_id = key-of-work\naws_secret_access_key = secret-of-work\n";
  ::setenv("AWS_PROFILE", "work", 1);
  const auto found = UsualCredentials()->Get();
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->access_key, "key-of-work");
  EXPECT_EQ(found->secret_key, "secret-of-work");
}

}  // namespace
}  // namespace gigapi
