// S3 stores against a server that breaks off, stalls, refuses and loses answers.
#include "object_store/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.h"
#include "base/uuid.h"
#include "object_store/local_store.h"
#include "object_store/testing/http_script_server.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "the-secret-of-this-test";

ScriptReply BreakOff() { return {.closes = true}; }
ScriptReply Answer(int status, const std::string& body, const std::string& header_lines = "") {
  return HttpScriptServer::Answer(status, body, header_lines);
}
ScriptReply ErrorAnswer(int status, const std::string& code) {
  return Answer(status,
                "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>about " + kSecret + "</Message></Error>");
}

std::unique_ptr<ObjectStore> StoreOf(const HttpScriptServer& server) {
  const std::string address = "s3://127.0.0.1:" + std::to_string(server.port()) + "/bucket/pre?secure=false";
  return MakeS3Store(ParseStoreUrl(address).ValueOrDie(), FixedCredentials({.access_key = "key", .secret_key = kSecret}),
                     {.transport = {.connect_ms_max = 2'000, .silence_ms_max = 300, .exchange_ms_max = 2'000},
                      .retries = {.attempts_max = 4, .first_delay_ms = 1, .delay_ms_max = 4}})
      .ValueOrDie();
}

/// A server that answers the n-th request by the n-th handler; the last one goes on.
HttpScriptServer::Handler InTurn(std::vector<HttpScriptServer::Handler> handlers) {
  return [handlers = std::move(handlers), next = size_t{0}](const ScriptRequest& request) mutable {
    const size_t turn = std::min(next++, handlers.size() - 1);
    return handlers[turn](request);
  };
}
HttpScriptServer::Handler Always(ScriptReply reply) {
  return [reply](const ScriptRequest&) { return reply; };
}

std::string KindName(const Status& status) { return status.ok() ? "ok" : std::string(ToString(KindOf(status))); }

TEST(S3Store, SendsAgainWhatFailsInPassing) {
  HttpScriptServer server(InTurn({Always(ErrorAnswer(503, "SlowDown")), Always(BreakOff()), Always(Answer(500, "oops")),
                                  Always(Answer(200, "", "ETag: \"e\"\r\n"))}));
  const auto store = StoreOf(server);
  EXPECT_EQ(PutObject(store.get(), "a", "content"), Status::OK());
  EXPECT_EQ(store->metrics().retries_total, 3);
  EXPECT_EQ(store->metrics().failures_total, 3);
  EXPECT_EQ(store->metrics().put_requests_total, 4);
}

TEST(S3Store, GivesUpAndSaysWhyWithoutSecrets) {
  HttpScriptServer server(Always(ErrorAnswer(503, "SlowDown")));
  const auto store = StoreOf(server);
  const Status failed = store->Head("a").status();
  EXPECT_EQ(KindName(failed), "unavailable");
  EXPECT_THAT(failed.message(), HasSubstr("slow down"));
  EXPECT_THAT(failed.ToString(), Not(HasSubstr(kSecret)));
  EXPECT_EQ(store->metrics().get_requests_total, 4);
}

TEST(S3Store, ReadsARangeAgainThatWasCutShort) {
  const auto cut = [](const ScriptRequest&) {
    ScriptReply reply = Answer(206, "0123456789");
    reply.bytes.resize(reply.bytes.size() - 4);
    reply.closes = true;
    return reply;
  };
  HttpScriptServer server(InTurn({cut, [](const ScriptRequest& request) {
                                    EXPECT_THAT(request.head, HasSubstr("range: bytes=100-109\r\n"));
                                    EXPECT_EQ(request.target, "/bucket/pre/a%20b");
                                    return Answer(206, "abcdefghij");
                                  }}));
  const auto store = StoreOf(server);
  const auto file = store->Open("a b", 1'000).ValueOrDie();
  std::string out(10, '?');
  EXPECT_EQ(file->ReadAt(100, 10, out.data()).ValueOrDie(), 10U);
  EXPECT_EQ(out, "abcdefghij");
  EXPECT_EQ(store->metrics().retries_total, 1);
}

TEST(S3Store, RefusesAnswersOfAnotherSize) {
  HttpScriptServer more(Always(Answer(200, std::string(100'000, 'x'))));
  std::string out(10, '?');
  EXPECT_FALSE(StoreOf(more)->Open("a", 1'000).ValueOrDie()->ReadAt(100, 10, out.data()).ok());
  HttpScriptServer fewer(Always(Answer(206, "12345")));
  EXPECT_FALSE(StoreOf(fewer)->Open("a", 1'000).ValueOrDie()->ReadAt(100, 10, out.data()).ok());
}

TEST(S3Store, DoesNotWaitForEver) {
  HttpScriptServer silent(Always({.keeps_silent = true}));
  const int64_t begun = SteadyNanos();
  const Status failed = StoreOf(silent)->Head("a").status();
  EXPECT_EQ(KindName(failed), "unavailable");
  EXPECT_THAT(failed.message(), HasSubstr("takes too long"));
  EXPECT_GE(SteadyNanos() - begun, 4 * 300 * kNanosPerMilli) << "four attempts";
  EXPECT_LT(SteadyNanos() - begun, 60 * kNanosPerSecond);
}

TEST(S3Store, SaysThatNobodyListens) {
  std::unique_ptr<ObjectStore> store;
  {
    HttpScriptServer ended(Always(BreakOff()));
    store = StoreOf(ended);
  }
  const Status failed = store->Probe();
  EXPECT_EQ(KindName(failed), "unavailable");
  EXPECT_THAT(failed.message(), HasSubstr("refused"));
}

TEST(S3Store, KeepsConnectionsAndNoticesClosedOnes) {
  int requests = 0;
  HttpScriptServer server([&](const ScriptRequest&) {
    ScriptReply reply = Answer(200, "", "ETag: \"e\"\r\n");
    reply.closes = ++requests == 5;  // after the answer, without saying so
    return reply;
  });
  const auto store = StoreOf(server);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(PutObject(store.get(), "a", "x"), Status::OK());
  EXPECT_EQ(server.connections(), 2);
}

TEST(S3Store, ExplainsRefusals) {
  const auto probe = [](ScriptReply reply) {
    HttpScriptServer server(Always(std::move(reply)));
    const Status failed = StoreOf(server)->Probe();
    EXPECT_THAT(failed.ToString(), Not(HasSubstr(kSecret)));
    return KindName(failed) + ": " + failed.message();
  };
  EXPECT_THAT(probe(ErrorAnswer(403, "SignatureDoesNotMatch")),
              testing::AllOf(HasSubstr("forbidden"), HasSubstr("secret key is wrong")));
  EXPECT_THAT(probe(ErrorAnswer(404, "NoSuchBucket")), HasSubstr("invalid argument"));
  EXPECT_THAT(probe(ErrorAnswer(403, "RequestTimeTooSkewed")), HasSubstr("clock"));
  EXPECT_THAT(probe(Answer(301, "", "x-amz-bucket-region: eu-west-1\r\n")), HasSubstr("set region=eu-west-1"));
  EXPECT_THAT(probe(Answer(200, "<html>hello</html>")), HasSubstr("is it an S3 server?"));
  EXPECT_THAT(probe({.bytes = "no HTTP at all\r\n\r\n", .closes = true}), HasSubstr("unavailable"));
}

/// A put whose answer was lost has worked: the second attempt is refused by what the first has put.
TEST(S3Store, RecognisesItsOwnConditionalPut) {
  const auto put = [](const std::string& there) {
    HttpScriptServer server(
        InTurn({Always(BreakOff()), Always(ErrorAnswer(412, "PreconditionFailed")), [=](const ScriptRequest& request) {
                  EXPECT_EQ(request.method, "GET");
                  return Answer(200, there, "ETag: \"new\"\r\n");
                }}));
    return StoreOf(server)->PutIfVersion("a", "mine", "\"old\"");
  };
  EXPECT_EQ(put("mine").ValueOrDie(), "\"new\"");
  EXPECT_EQ(KindName(put("another's").status()), "unavailable");
  HttpScriptServer refuses(Always(ErrorAnswer(412, "PreconditionFailed")));
  EXPECT_EQ(KindName(StoreOf(refuses)->PutIfVersion("a", "mine", "\"old\"").status()), "conflict");
  HttpScriptServer busy(
      InTurn({Always(ErrorAnswer(409, "ConditionalRequestConflict")), Always(Answer(200, "", "ETag: \"n\"\r\n"))}));
  EXPECT_EQ(StoreOf(busy)->PutIfAbsent("a", "mine").ValueOrDie(), "\"n\"");
}

TEST(S3Store, SendsConditions) {
  HttpScriptServer server(InTurn({[](const ScriptRequest& request) {
                                    EXPECT_THAT(request.head, HasSubstr("if-none-match: *\r\n"));
                                    return Answer(200, "", "ETag: \"1\"\r\n");
                                  },
                                  [](const ScriptRequest& request) {
                                    EXPECT_THAT(request.head, HasSubstr("if-match: \"1\"\r\n"));
                                    return Answer(200, "", "ETag: \"2\"\r\n");
                                  },
                                  [](const ScriptRequest& request) {
                                    EXPECT_THAT(request.head, HasSubstr("if-none-match: \"2\"\r\n"));
                                    return ScriptReply{.bytes = "HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\n\r\n"};
                                  }}));
  const auto store = StoreOf(server);
  EXPECT_EQ(store->PutIfAbsent("a", "x").ValueOrDie(), "\"1\"");
  EXPECT_EQ(store->PutIfVersion("a", "y", "\"1\"").ValueOrDie(), "\"2\"");
  EXPECT_EQ(store->GetIfChanged("a", "\"2\"").ValueOrDie(), std::nullopt);
}

TEST(S3Store, SaysThatAStoreHasNoConditions) {
  for (const std::string refused : {"if-none-match", "if-match"}) {
    HttpScriptServer server([&](const ScriptRequest& request) {
      const bool refuses = request.head.find(refused) != std::string::npos;
      return refuses ? ErrorAnswer(501, "NotImplemented") : Answer(200, "", "ETag: \"1\"\r\n");
    });
    const auto store = StoreOf(server);
    const Status failed = VerifyConditionalPuts(store.get(), "");
    EXPECT_EQ(KindName(failed), "unsupported");
    EXPECT_THAT(failed.message(), HasSubstr("keep it in Redis"));
    EXPECT_EQ(store->metrics().retries_total, 0);
  }
}

TEST(S3Store, SweepsWhatAVerificationLeft) {
  const std::string root = testing::TempDir() + "/s3_store_test." + NewUuid();
  const auto store = MakeLocalStore(LocalFileSystem(), root);
  ASSERT_TRUE(PutObject(store.get(), "p/conditional-put/old", "1").ok());
  ASSERT_TRUE(PutObject(store.get(), "p/conditional-put/young", "1").ok());
  ASSERT_TRUE(PutObject(store.get(), "p/other", "1").ok());
  for (const char* old : {"/p/conditional-put/old", "/p/other"}) {
    std::filesystem::last_write_time(root + old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  }
  EXPECT_TRUE(VerifyConditionalPuts(store.get(), "p/").ok());
  const auto left = ListAll(store.get(), "").ValueOrDie();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].key, "p/conditional-put/young");
  EXPECT_EQ(left[1].key, "p/other");
  std::filesystem::remove_all(root);
}

TEST(S3Store, DetectsAStoreThatIgnoresConditions) {
  HttpScriptServer server(Always(Answer(200, "", "ETag: \"1\"\r\n")));
  EXPECT_EQ(KindName(VerifyConditionalPuts(StoreOf(server).get(), "")), "unsupported");
}

/// The requests of an upload of two parts, with what a test wants instead of an ordinary answer to its end.
class Upload {
 public:
  explicit Upload(std::vector<ScriptReply> completions, size_t size_bytes)
      : size_bytes_(size_bytes),
        completions_(std::move(completions)),
        server_([this](const ScriptRequest& r) { return Handle(r); }) {}

  Status Run() {
    const auto store = StoreOf(server_);
    return PutObject(store.get(), "large", std::string(9 << 20, 'x'));
  }
  int aborts() const { return aborts_; }
  int parts() const { return parts_; }

 private:
  ScriptReply Handle(const ScriptRequest& request) {
    if (request.method == "POST" && request.target.ends_with("?uploads=")) {
      return Answer(200, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>");
    }
    if (request.method == "PUT") {
      ++parts_;
      return Answer(200, "", "ETag: \"part\"\r\n");
    }
    if (request.method == "HEAD") {
      return {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size_bytes_) + "\r\n\r\n"};
    }
    if (request.method == "DELETE") {
      ++aborts_;
      return Answer(204, "");
    }
    EXPECT_THAT(request.body, HasSubstr("<PartNumber>2</PartNumber><ETag>&quot;part&quot;</ETag>"));
    return completions_[std::min(completed_++, completions_.size() - 1)];
  }

  const size_t size_bytes_;
  const std::vector<ScriptReply> completions_;
  size_t completed_ = 0;
  int parts_ = 0;
  int aborts_ = 0;
  HttpScriptServer server_;
};

TEST(S3Store, CompletesUploadsOnce) {
  const ScriptReply done = Answer(200, "<CompleteMultipartUploadResult/>");
  Upload ordinary({done}, 9 << 20);
  EXPECT_EQ(ordinary.Run(), Status::OK());
  EXPECT_EQ(ordinary.parts(), 2);
  EXPECT_EQ(ordinary.aborts(), 0);
  Upload answer_lost({BreakOff(), ErrorAnswer(404, "NoSuchUpload")}, 9 << 20);
  EXPECT_EQ(answer_lost.Run(), Status::OK());
  Upload error_in_answer({ErrorAnswer(200, "InternalError"), done}, 9 << 20);
  EXPECT_EQ(error_in_answer.Run(), Status::OK());
  Upload never_begun({ErrorAnswer(404, "NoSuchUpload")}, 9 << 20);
  EXPECT_FALSE(never_begun.Run().ok());
  Upload other_size({done}, 1);
  EXPECT_FALSE(other_size.Run().ok());
  Upload refused({ErrorAnswer(403, "AccessDenied")}, 9 << 20);
  EXPECT_EQ(KindName(refused.Run()), "forbidden");
  EXPECT_EQ(refused.aborts(), 1);
}

TEST(S3Store, SweepsOldUploadsOfItsPrefix) {
  std::vector<std::string> removed;
  HttpScriptServer server([&](const ScriptRequest& request) {
    if (request.method == "DELETE") {
      removed.push_back(request.target);
      return Answer(204, "");
    }
    EXPECT_THAT(request.target, Not(HasSubstr("prefix=")));
    const bool is_first = request.target.find("key-marker") == std::string::npos;
    const auto upload = [](const std::string& key, const std::string& time) {
      return "<Upload><Key>" + key + "</Key><UploadId>id</UploadId><Initiated>" + time + "</Initiated></Upload>";
    };
    return Answer(
        200, is_first ? "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>pre/b</NextKeyMarker>"
                        "<NextUploadIdMarker>id</NextUploadIdMarker>" +
                            upload("pre/a%20b", "2026-01-01T00:00:00Z") + upload("pre/b", "2026-01-03T00:00:00Z") +
                            "</ListMultipartUploadsResult>"
                      : "<ListMultipartUploadsResult>" + upload("pre/c", "2026-01-01T00:00:00Z") +
                            upload("other/d", "2026-01-01T00:00:00Z") + "</ListMultipartUploadsResult>");
  });
  EXPECT_EQ(StoreOf(server)->RemoveUnfinished(1'767'312'000 * kNanosPerSecond).ValueOrDie(), 2);
  EXPECT_THAT(removed, testing::ElementsAre("/bucket/pre/a%20b?uploadId=id", "/bucket/pre/c?uploadId=id"));
}

TEST(S3Store, SkipsObjectsThatStandForFolders) {
  HttpScriptServer server([&](const ScriptRequest& request) {
    const bool is_first = request.target.find("start-after") == std::string::npos;
    return Answer(
        200, is_first ? "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>pre/folder/</Key>"
                        "<Size>0</Size></Contents></ListBucketResult>"
                      : "<ListBucketResult><Contents><Key>pre/folder/x</Key><Size>3</Size></Contents></ListBucketResult>");
  });
  const auto page = StoreOf(server)->List("", "", 1).ValueOrDie();
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0].key, "folder/x");
  EXPECT_EQ(page.next_start_after, "");
}

TEST(RetryPolicy, WaitsLongerEachTimeWithinBounds) {
  const RetryPolicy policy{.attempts_max = 5, .first_delay_ms = 100, .delay_ms_max = 500, .elapsed_ms_max = 10'000};
  EXPECT_EQ(policy.DelayMs(1, 0, 0), 25);
  EXPECT_NEAR(policy.DelayMs(1, 0, 0.9999), 100, 1);
  EXPECT_NEAR(policy.DelayMs(3, 0, 0.9999), 400, 1);
  EXPECT_NEAR(policy.DelayMs(4, 0, 0.9999), 500, 1);
  EXPECT_EQ(policy.DelayMs(5, 0, 0.5), -1);
  EXPECT_EQ(policy.DelayMs(2, 9'990, 0.5), -1);
}

}  // namespace
}  // namespace gigapi
