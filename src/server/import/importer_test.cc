#include "server/import/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/line_protocol.h"
#include "server/testing/fake_lake.h"
#include "server/testing/text_body.h"

namespace gigapi {
namespace {

using ::testing::HasSubstr;

TEST(Importer, AParserWithoutMemoryEndsTheImportAndNotTheProcess) {
  for (const char* media_type : {"text/plain", "application/msgpack"}) {
    ParserRegistry parsers(ParseLineProtocol);
    const Parser without_memory = [](std::string_view, const ParseOptions&, const SchemaSource&) -> WriteBatch {
      throw std::bad_alloc();
    };
    parsers.Register(media_type, without_memory);
    FakeLake lake;
    const Importer importer({}, &parsers, &lake, nullptr);
    ImportRequest request;
    request.writer.database = "db";
    request.media_type = media_type;
    TextBody body("m v=1 1\n", 100);
    const ImportOutcome outcome = importer.Run(request, &body);
    EXPECT_EQ(KindOf(outcome.status), ErrorKind::kOverloaded) << media_type;
    EXPECT_THAT(outcome.status.message(), HasSubstr("memory"));
    EXPECT_EQ(outcome.imported_rows, 0);
  }
}

}  // namespace
}  // namespace gigapi
