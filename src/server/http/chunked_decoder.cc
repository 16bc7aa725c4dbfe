#include "server/http/chunked_decoder.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>

namespace gigapi::http {

namespace beast = boost::beast;

struct ChunkedDecoder::State {
  beast::http::request_parser<beast::http::buffer_body> parser;
};

ChunkedDecoder::ChunkedDecoder() : state_(std::make_unique<State>()) {
  // The head has been read elsewhere; Beast's parser needs one to know what it looks at.
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  beast::error_code error;
  state_->parser.body_limit(boost::none);
  state_->parser.put(boost::asio::const_buffer(kHead.data(), kHead.size()), error);
}

ChunkedDecoder::~ChunkedDecoder() = default;

bool ChunkedDecoder::done() const { return state_->parser.is_done(); }

Result<size_t> ChunkedDecoder::Decode(std::string_view bytes, int64_t body_bytes_max, PodVector<char>* body) {
  constexpr size_t kStepBytes = 64 << 10;
  auto& parser = state_->parser;
  size_t consumed = 0;
  while (consumed < bytes.size() && !parser.is_done()) {
    const size_t old_size = body->size();
    const size_t room = std::max<size_t>(1, std::min(bytes.size() - consumed, kStepBytes));
    body->Resize(old_size + room);
    parser.get().body().data = body->data() + old_size;
    parser.get().body().size = room;
    parser.get().body().more = true;
    beast::error_code error;
    const size_t step = parser.put(boost::asio::const_buffer(bytes.data() + consumed, bytes.size() - consumed), error);
    consumed += step;
    body->Resize(old_size + room - parser.get().body().size);
    if (static_cast<int64_t>(body->size()) > body_bytes_max) return Error(ErrorKind::kTooLarge, "the request body is too large");
    if (error == beast::http::error::need_more) break;
    if (error && error != beast::http::error::need_buffer) {
      return Errorf(ErrorKind::kInvalidArgument, "malformed chunked body: {}", error.message());
    }
    if (step == 0 && body->size() == old_size && error != beast::http::error::need_buffer) break;
  }
  return consumed;
}

}  // namespace gigapi::http
