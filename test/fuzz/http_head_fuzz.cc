// Fuzzes what reads a request before anything else does: head, target, framing, routing, chunked body. The bytes are one
// request as they would come over a socket.
//
// Beside not crashing: whatever is accepted has one reading of where its body ends, and decodes alike in pieces and at once.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "server/http/chunked_decoder.h"
#include "server/http/request_head.h"
#include "server/http/router.h"
#include "server/http/url.h"

namespace gigapi::http {
namespace {

constexpr int64_t kBodyBytesMax = 1 << 20;

void Check(bool holds) {
  if (!holds) std::abort();
}

const Router& Routes() {
  static const Router router = [] {
    Router made;
    const auto nothing = [](ExchangePtr) {};
    for (const char* path : {"/write", "/{db}/write", "/gigapi/write", "/gigapi/write/{db}"})
      made.Add("POST", path, nothing);
    made.Add("GET", "/query", nothing);
    made.Add("POST", "/query", nothing);
    return made;
  }();
  return router;
}

struct Decoded {
  bool ok = true;
  size_t consumed = 0;
  PodVector<char> body;
  bool done = false;
};

/// Shows the decoder at most `step` new bytes at a time.
Decoded DecodeInSteps(std::string_view bytes, size_t step) {
  Decoded result;
  ChunkedDecoder decoder;
  size_t shown = 0;
  while (shown < bytes.size() && !decoder.done()) {
    shown = std::min(bytes.size(), shown + step);
    const auto consumed =
        decoder.Decode(bytes.substr(result.consumed, shown - result.consumed), kBodyBytesMax, &result.body);
    if (!consumed.ok()) {
      result.ok = false;
      return result;
    }
    result.consumed += *consumed;
    Check(result.consumed <= shown);
  }
  result.done = decoder.done();
  return result;
}

void FuzzChunked(std::string_view bytes) {
  const Decoded whole = DecodeInSteps(bytes, bytes.size() + 1);
  const Decoded stepwise = DecodeInSteps(bytes, 3);
  Check(stepwise.ok == whole.ok);
  if (!whole.ok) return;
  Check(stepwise.done == whole.done && stepwise.consumed == whole.consumed);
  Check(std::string_view(whole.body.data(), whole.body.size()) ==
        std::string_view(stepwise.body.data(), stepwise.body.size()));
}

void FuzzRequest(std::string_view bytes) {
  const auto end = FindHeadEnd(bytes);
  if (!end) return;
  Check(*end <= bytes.size());
  Result<RequestHead> head = ParseRequestHead(bytes.substr(0, *end));
  if (!head.ok()) return;
  Check(head->content_length >= 0);
  Check(!(head->chunked && head->content_length > 0));
  Check(!head->request.Header("Content-Length").empty() || head->content_length == 0);
  Check(head->request.path.find('\0') == std::string::npos);
  const Decision decision = Routes().Decide(&head->request);
  Check(decision.handler != nullptr || decision.refusal.status >= 200);
  if (head->chunked) FuzzChunked(bytes.substr(*end));
}

}  // namespace
}  // namespace gigapi::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  gigapi::http::FuzzRequest(bytes);
  gigapi::http::ParseQueryString(bytes);
  return 0;
}
