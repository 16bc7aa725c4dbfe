#include <arrow/api.h>
#include <gmock/gmock.h>

#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/influx_ticket.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/parameter_row.h"
#include "server/api/flight_sql/sql_info.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/api/flight_sql/tickets.h"
#include "server/api/flight_sql/type_info.h"

namespace gigapi::flight {
namespace {

namespace pb = arrow::flight::protocol::sql;

TEST(Tickets, CarryTheStatement) {
  StatementTicket statement;
  statement.set_sql("SELECT 1");
  statement.set_database("db");
  statement.set_from_ns(-5);
  const auto ticket = TicketOf(statement).ValueOrDie();
  const auto read = StatementOf(ticket).ValueOrDie();
  EXPECT_EQ(read.sql(), "SELECT 1");
  EXPECT_EQ(read.from_ns(), -5);
  EXPECT_FALSE(read.has_until_ns());
  statement.set_sql(std::string(5 << 20, 'x'));
  EXPECT_EQ(KindOf(TicketOf(statement).status()), ErrorKind::kTooLarge);
}

TEST(Tickets, AnyCutOfATicketIsAnErrorOrAnotherTicket) {
  StatementTicket statement;
  statement.set_sql("SELECT 1");
  statement.set_parameters("abc");
  const std::string bytes = TicketOf(statement).ValueOrDie().ticket;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto read = StatementOf(arrow::flight::Ticket(bytes.substr(0, size)));
    if (!read.ok()) {
      EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalidArgument);
    }
  }
  EXPECT_FALSE(UnpackParameters("abc").ok());
}

TEST(Tickets, MessagesAreTakenByTheirName) {
  pb::CommandStatementQuery query;
  query.set_query("q");
  EXPECT_EQ(UnpackAs<pb::CommandStatementQuery>(Pack(query)).ValueOrDie().query(), "q");
  EXPECT_FALSE(UnpackAs<pb::TicketStatementQuery>(Pack(query)).ok());
  EXPECT_EQ(Unpack(Pack(query)).ValueOrDie().name, "CommandStatementQuery");
}

TEST(Tickets, ParametersComePlain) {
  const auto values = std::make_shared<arrow::Int64Array>(1, arrow::Buffer::FromString(std::string(8, '\1')));
  auto types = arrow::Buffer::FromString(std::string(1, '\0'));
  auto offsets = arrow::Buffer::FromString(std::string(4, '\0'));
  const auto type = arrow::dense_union({arrow::field("int", arrow::int64())}, {0});
  const auto member = std::make_shared<arrow::DenseUnionArray>(type, 1, arrow::ArrayVector{values}, types, offsets);
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("param_0", type)}), 1, {member});
  const auto row = PlainParameterRow(*batch).ValueOrDie();
  EXPECT_TRUE(row->column(0)->Equals(*values));
  const auto read = UnpackParameters(PackParameters(row).ValueOrDie()).ValueOrDie();
  EXPECT_TRUE(read[0]->Equals(*values->GetScalar(0).ValueOrDie()));
  EXPECT_FALSE(PlainParameterRow(*batch->Slice(0, 0)).ok());
}

TEST(InfluxTicket, IsRead) {
  const auto request =
      ReadInfluxTicket(R"({"database":"db","sql_query":"SELECT $x","query_type":"sql","params":{"x":1.5,"y":null}})",
                       "other")
          .ValueOrDie();
  EXPECT_EQ(request.sql, "SELECT $x");
  EXPECT_EQ(request.database, "db");
  ASSERT_EQ(request.named_parameters.size(), 2u);
  EXPECT_TRUE(request.named_parameters[0].second->Equals(*arrow::MakeScalar(1.5)));
  EXPECT_EQ(request.named_parameters[1].second, nullptr);
  EXPECT_EQ(ReadInfluxTicket(R"({"sql_query":"SELECT 1"})", "other").ValueOrDie().database, "other");
  EXPECT_EQ(KindOf(ReadInfluxTicket(R"({"sql_query":"x","query_type":"influxql"})", "").status()), ErrorKind::kUnsupported);
}

TEST(CallHeaders, SayTheDatabase) {
  arrow::flight::CallHeaders headers;
  EXPECT_EQ(ReadScope(headers, "mydb").ValueOrDie().database, "mydb");
  const std::string cookie = SessionCookie({.database = "my db;=", .partitions = 3});
  headers.emplace("cookie", cookie);
  EXPECT_EQ(ReadScope(headers, "mydb").ValueOrDie().database, "my db;=");
  EXPECT_EQ(ReadScope(headers, "mydb").ValueOrDie().partitions, 3);
  headers.emplace("bucket", "b");
  headers.emplace("partitions", "7");
  EXPECT_EQ(ReadScope(headers, "mydb").ValueOrDie().database, "b");
  EXPECT_EQ(ReadScope(headers, "mydb").ValueOrDie().partitions, 7);
  for (const char* wrong : {"gigapi_session=zz", "gigapi_session", "gigapi_session=ff", ";;=", ""}) {
    EXPECT_EQ(ReadSession({{"cookie", wrong}}).database, "") << wrong;
  }
  const std::string among_others = "a=b; " + cookie + "; c=d";
  EXPECT_EQ(ReadSession({{"cookie", among_others}}).database, "my db;=");
  for (const char* wrong : {"0", "-1", "257", "x", "1x", "99999999999999999999"}) EXPECT_FALSE(ParsePartitions(wrong).ok());
}

TEST(CallHeaders, NameThePeer) {
  EXPECT_EQ(PeerAddress("ipv4:127.0.0.1:4711"), "127.0.0.1");
  EXPECT_EQ(PeerAddress("ipv6:%5B::1%5D:4711"), "::1");
  EXPECT_EQ(PeerAddress("ipv6:[::1]:4711"), "::1");
  EXPECT_EQ(PeerAddress(""), "");
}

TEST(SqlInfo, IsWellFormed) {
  const auto all = MakeSqlInfo({}, "1.2.3").ValueOrDie();
  EXPECT_TRUE(all->ValidateFull().ok()) << all->ValidateFull();
  EXPECT_GT(all->num_rows(), 80);
  EXPECT_EQ(MakeSqlInfo({0, 3, 504, 9999}, "1").ValueOrDie()->num_rows(), 3);
  EXPECT_FALSE(all->schema()->field(0)->nullable() || all->schema()->field(1)->nullable());
}

TEST(TypeInfo, IsWellFormed) {
  EXPECT_TRUE(MakeTypeInfo(std::nullopt).ValueOrDie()->ValidateFull().ok());
  EXPECT_EQ(MakeTypeInfo(-5).ValueOrDie()->num_rows(), 2);
  EXPECT_EQ(MakeTypeInfo(12345).ValueOrDie()->num_rows(), 0);
}

}  // namespace
}  // namespace gigapi::flight
