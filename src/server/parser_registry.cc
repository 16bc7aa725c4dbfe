#include "server/parser_registry.h"

#include "ingest/msgpack.h"
#include "server/http/http.h"

namespace gigapi {

void ParserRegistry::Register(std::string media_type, Parser parser) {
  parsers_.emplace_back(std::move(media_type), std::move(parser));
}

const Parser& ParserRegistry::Find(std::string_view content_type) const {
  std::string_view media_type = content_type.substr(0, content_type.find(';'));
  while (!media_type.empty() && media_type.back() == ' ') media_type.remove_suffix(1);
  for (const auto& [known, parser] : parsers_) {
    if (http::EqualsIgnoringCase(known, media_type)) return parser;
  }
  return fallback_;
}

ParserRegistry DefaultParsers() {
  ParserRegistry parsers(ParseLineProtocol);
  for (std::string_view media_type : {kMsgpackMediaType, std::string_view("application/x-msgpack"),
                                      std::string_view("application/vnd.msgpack")}) {
    parsers.Register(std::string(media_type), ParseMsgpack);
  }
  return parsers;
}

}  // namespace gigapi
