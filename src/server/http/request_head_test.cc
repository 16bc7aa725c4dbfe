#include "server/http/request_head.h"

#include <gtest/gtest.h>

#include "server/http/chunked_decoder.h"
#include "server/http/router.h"
#include "server/http/url.h"

namespace gigapi::http {
namespace {

TEST(RequestHead, ReadsLineHeadersAndFraming) {
  const auto head = ParseRequestHead(
      "POST /write?db=a%20b&precision=ms HTTP/1.1\r\nhost: x\r\nContent-Length: 12\r\nX-Empty:\r\nExpect: "
      "100-Continue\r\n\r\n");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->request.method, "POST");
  EXPECT_EQ(head->request.path, "/write");
  EXPECT_EQ(head->request.Query("db"), "a b");
  EXPECT_EQ(head->request.Query("missing"), std::nullopt);
  EXPECT_EQ(head->request.Header("HOST"), "x");
  EXPECT_EQ(head->content_length, 12);
  EXPECT_TRUE(head->expects_continue);
  EXPECT_TRUE(head->keep_alive);
  const auto old = ParseRequestHead("POST /write HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(old.ok());
  EXPECT_FALSE(old->expects_continue) << "there is no 100 in HTTP/1.0";
}

TEST(RequestHead, ConnectionHeaderDecidesHowItGoesOn) {
  const auto keeps = [](const std::string& version, const std::string& header) {
    return ParseRequestHead("GET / HTTP/" + version + "\r\nHost: x\r\n" + header + "\r\n")->keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: Upgrade, Close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
}

TEST(RequestHead, FindsTheEndOfTheHead) {
  EXPECT_EQ(FindHeadEnd("GET / HTTP/1.1\r\n\r\nbody"), 18u);
  EXPECT_EQ(FindHeadEnd("GET / HTTP/1.1\r\n"), std::nullopt);
}

TEST(Url, DecodesTargets) {
  std::string path;
  Params query;
  ASSERT_TRUE(ParseTarget("http://host:80/a%2Fb?x=1&y&z=%E2%82%AC+%", &path, &query).ok());
  EXPECT_EQ(path, "/a/b");
  EXPECT_EQ(query, (Params{{"x", "1"}, {"y", ""}, {"z", "%E2%82%AC+%"}}));
  EXPECT_FALSE(ParseTarget("a/b", &path, &query).ok());
  EXPECT_FALSE(ParseTarget("/a%2", &path, &query).ok());
  EXPECT_FALSE(ParseTarget("/a%00", &path, &query).ok());
}

TEST(Router, LiteralSegmentsWinOverParameters) {
  Router router;
  std::string called;
  const auto handler = [&called](std::string name) { return [&called, name](ExchangePtr) { called = name; }; };
  router.Add("POST", "/{db}/write", handler("any"));
  router.Add("POST", "/gigapi/write", handler("gigapi"));
  const auto route = [&](const std::string& path) {
    Request request;
    request.method = "POST";
    request.path = path;
    const Decision decision = router.Decide(&request);
    if (decision.handler == nullptr) return std::to_string(decision.refusal.status);
    (*decision.handler)(nullptr);
    return called + ":" + std::string(request.PathParam("db"));
  };
  EXPECT_EQ(route("/gigapi/write"), "gigapi:");
  EXPECT_EQ(route("/x/write"), "any:x");
  EXPECT_EQ(route("//write"), "404");
  EXPECT_EQ(route("/x/write/"), "404");
}

TEST(ChunkedDecoder, StopsAtTheEndOfTheBody) {
  ChunkedDecoder decoder;
  PodVector<char> body;
  const std::string_view bytes = "3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1";
  const auto consumed = decoder.Decode(bytes, 100, &body);
  ASSERT_TRUE(consumed.ok()) << consumed.status();
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(bytes.substr(*consumed), "GET / HTTP/1.1");
  EXPECT_EQ(std::string_view(body.data(), body.size()), "abc");
}

TEST(ChunkedDecoder, TakesEveryByteAlone) {
  ChunkedDecoder decoder;
  PodVector<char> body;
  for (const char c : std::string_view("A;x=\"y\"\r\n0123456789\r\n1\r\n!\r\n000\r\nT: v\r\nU: w\r\n\r\n")) {
    ASSERT_FALSE(decoder.done());
    ASSERT_EQ(decoder.Decode({&c, 1}, 100, &body).ValueOr(0), 1u);
  }
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(std::string_view(body.data(), body.size()), "0123456789!");
}

TEST(ChunkedDecoder, RefusesWhatIsNotWellFormed) {
  for (const char* bytes :
       {"\r\n", ";x\r\n", "g\r\n", " 3\r\nabc\r\n", "3 \r\nabc\r\n", "3\nabc\n", "3\r\nabcd\r\n", "3\r\nabc\n",
        "0x3\r\nabc\r\n", "-1\r\n", "1000000000000000\r\n", "0\r\n\n", "0\r\nT: v\n\r\n", "3;a\nb\r\nabc\r\n"}) {
    ChunkedDecoder decoder;
    PodVector<char> body;
    EXPECT_EQ(KindOf(decoder.Decode(bytes, 100, &body).status()), ErrorKind::kInvalidArgument) << bytes;
  }
}

TEST(ChunkedDecoder, RefusesABodyOverTheLimit) {
  ChunkedDecoder decoder;
  PodVector<char> body;
  EXPECT_EQ(KindOf(decoder.Decode("5\r\nabcde\r\n", 4, &body).status()), ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace gigapi::http
