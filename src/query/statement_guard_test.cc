// What SQL may not do: everything but read the lake.
#include <gmock/gmock.h>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

class StatementGuard : public testing::Test {
 protected:
  StatementGuard() { lake_.AddFile("db", "cpu", {{1000, "a", 1.5}}); }
  LakeFixture lake_;
};

TEST_F(StatementGuard, RefusesWhatIsNotAQuery) {
  for (const std::string sql : {
           "INSERT INTO cpu VALUES (1)",
           "INSERT INTO cpu SELECT * FROM cpu",
           "UPDATE cpu SET value = 1",
           "DELETE FROM cpu",
           "TRUNCATE cpu",
           "MERGE INTO cpu USING cpu b ON cpu.time = b.time WHEN MATCHED THEN DELETE",
           "CREATE TABLE x (a INT)",
           "CREATE TABLE x AS SELECT 1",
           "CREATE TEMP TABLE x AS SELECT 1",
           "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
           "CREATE VIEW v AS SELECT 1",
           "CREATE MACRO m(a) AS a + 1",
           "CREATE TYPE t AS ENUM ('a')",
           "CREATE SEQUENCE s",
           "CREATE SCHEMA s",
           "CREATE INDEX i ON cpu (value)",
           "CREATE SECRET x (TYPE s3)",
           "ALTER TABLE cpu ADD COLUMN x INT",
           "ALTER TABLE cpu ADD PRIMARY KEY (time)",
           "DROP TABLE cpu",
           "DROP SCHEMA db",
           "COMMENT ON TABLE cpu IS 'x'",
           "COPY cpu TO '/tmp/x.parquet'",
           "COPY (SELECT 1) TO '/tmp/x.csv'",
           "COPY cpu FROM '/etc/passwd'",
           "COPY FROM DATABASE lake TO memory",
           "EXPORT DATABASE '/tmp/x'",
           "IMPORT DATABASE '/tmp/x'",
           "ATTACH ':memory:' AS x",
           "ATTACH 'lake' AS lake2 (TYPE lake)",
           "ATTACH '/tmp/x.db' AS x",
           "DETACH lake",
           "USE memory",
           "USE lake.db",
           "SET threads = 1",
           "SET GLOBAL threads = 1",
           "SET memory_limit = '10GB'",
           "SET schema = 'memory.main'",
           "SET VARIABLE x = 1",
           "SET TimeZone = 'America/New_York'",
           "RESET threads",
           "PRAGMA threads = 1",
           "PRAGMA table_info('cpu')",
           "PRAGMA database_list",
           "CALL pragma_version()",
           "BEGIN",
           "BEGIN TRANSACTION",
           "COMMIT",
           "ROLLBACK",
           "CHECKPOINT",
           "FORCE CHECKPOINT",
           "VACUUM",
           "ANALYZE",
           "INSTALL httpfs",
           "LOAD httpfs",
           "UPDATE EXTENSIONS",
           "PREPARE p AS SELECT 1",
           "EXECUTE p",
           "DEALLOCATE p",
           "EXPLAIN DELETE FROM cpu",
           "EXPLAIN ANALYZE INSERT INTO cpu SELECT * FROM cpu",
           "EXPLAIN CREATE TABLE x (a INT)",
           "SELECT 1; SELECT 2",
           "SELECT 1; DROP TABLE cpu",
           "",
           " -- nothing",
       }) {
    const Status status = lake_.Fails(sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_THAT(KindOf(status), testing::AnyOf(ErrorKind::kForbidden, ErrorKind::kInvalidArgument))
        << sql << status.message();
  }
  EXPECT_EQ(lake_.Query("SELECT count(*) FROM cpu"), "1\n");
}

TEST_F(StatementGuard, SaysWhatDropsATable) {
  EXPECT_THAT(lake_.Fails("DROP TABLE cpu").message(), testing::HasSubstr("DELETE /api/v3/configure/table?db=&table="));
}

TEST_F(StatementGuard, RefusesToReadFiles) {
  for (const std::string sql : {
           "SELECT * FROM read_parquet('/etc/passwd')",
           "SELECT * FROM READ_PARQUET(['/etc/passwd'])",
           "SELECT * FROM parquet_scan('/etc/passwd')",
           "SELECT * FROM read_parquet('lake://1')",
           "SELECT * FROM parquet_metadata('lake://1')",
           "SELECT * FROM parquet_schema('lake://1')",
           "SELECT * FROM parquet_file_metadata('lake://1')",
           "SELECT * FROM parquet_kv_metadata('lake://1')",
           "SELECT * FROM read_csv('/etc/passwd')",
           "SELECT * FROM read_csv_auto('/etc/passwd')",
           "SELECT * FROM sniff_csv('/etc/passwd')",
           "SELECT * FROM read_json('/etc/passwd')",
           "SELECT * FROM read_json_auto('/etc/passwd')",
           "SELECT * FROM read_ndjson('/etc/passwd')",
           "SELECT * FROM read_json_objects('/etc/passwd')",
           "SELECT * FROM read_text('/etc/passwd')",
           "SELECT * FROM read_blob('/etc/passwd')",
           "SELECT * FROM glob('/etc/*')",
           "SELECT * FROM '/etc/passwd'",
           "SELECT * FROM '/tmp/x.parquet'",
           "SELECT * FROM 'lake://1'",
           "SELECT * FROM \"x.csv\"",
           "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))",
           "SELECT * FROM cpu WHERE value IN (SELECT 1 FROM read_text('/etc/passwd'))",
           "WITH x AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM x",
           "SELECT * FROM cpu UNION ALL BY NAME SELECT * FROM read_text('/etc/passwd')",
           "SELECT * FROM cpu JOIN read_text('/etc/passwd') ON true",
           "SELECT * FROM cpu, LATERAL (SELECT * FROM read_text('/etc/passwd')) x",
           "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
           "DESCRIBE '/etc/passwd'",
           "SUMMARIZE '/etc/passwd'",
           "EXPLAIN SELECT * FROM read_text('/etc/passwd')",
           "SELECT * FROM cpu ORDER BY (SELECT 1 FROM read_text('/etc/passwd'))",
           "SELECT * FROM cpu LIMIT (SELECT 1 FROM read_text('/etc/passwd'))",
           "SELECT sum(value) FILTER (WHERE EXISTS (SELECT 1 FROM read_text('/etc/passwd'))) FROM cpu",
           "SELECT sum(value) OVER (PARTITION BY (SELECT 1 FROM read_text('/etc/passwd'))) FROM cpu",
           "SELECT CASE WHEN true THEN (SELECT 1 FROM read_text('/etc/passwd')) END",
           "PIVOT read_text('/etc/passwd') ON filename IN ('a') USING count(*)",
           "VALUES ((SELECT 1 FROM read_text('/etc/passwd')))",
           "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
           "SELECT * FROM query_table('cpu')",
           "SELECT * FROM query_table(['cpu'])",
           "SELECT * FROM json_execute_serialized_sql('{}')",
           "SELECT * FROM arrow_scan(0, 0, 0)",
           "SELECT * FROM arrow_scan_dumb(0, 0, 0)",
           "SELECT * FROM duckdb_settings()",
           "SELECT * FROM duckdb_secrets()",
           "SELECT * FROM duckdb_extensions()",
           "SELECT * FROM duckdb_logs()",
           "SELECT * FROM duckdb_temporary_files()",
           "SELECT * FROM duckdb_external_file_cache()",
           "SELECT * FROM duckdb_memory()",
           "SELECT * FROM pg_catalog.pg_settings",
           "SELECT * FROM pragma_database_list",
           "SELECT getenv('PATH')",
           "SELECT current_setting('temp_directory')",
           "SELECT getvariable('x')",
           "SELECT nextval('s')",
           "SELECT write_log('x')",
       }) {
    const Status status = lake_.Fails(sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_THAT(KindOf(status), testing::AnyOf(ErrorKind::kForbidden, ErrorKind::kInvalidArgument, ErrorKind::kNotFound))
        << sql << status.message();
    EXPECT_THAT(status.message(), testing::Not(testing::HasSubstr("root:"))) << sql;
  }
}

TEST_F(StatementGuard, LooksIntoTheAtOfATable) {
  for (const std::string sql : {"SELECT * FROM cpu AT (VERSION => CAST(current_setting('memory_limit') AS INT))",
                                "SELECT 1 WHERE EXISTS (FROM cpu AT (TIMESTAMP => error(current_setting('threads'))))"}) {
    const Status status = lake_.Fails(sql);
    EXPECT_EQ(KindOf(status), ErrorKind::kForbidden) << sql;
    EXPECT_THAT(status.message(), testing::HasSubstr("\"current_setting\" is not allowed")) << sql;
  }
}

TEST_F(StatementGuard, TablesMayBeCalledLikeViewsOfDuckDb) {
  lake_.AddFile("db", "pg_settings", {{1000, "a", 1.5}});
  EXPECT_EQ(lake_.Query("SELECT value FROM db.pg_settings"), "1.5\n");
  EXPECT_EQ(lake_.Query("SELECT value FROM lake.db.pg_settings"), "1.5\n");
  for (const std::string table : {"pg_settings", "main.pg_settings", "pg_catalog.pg_settings", "system.pg_settings",
                                  "\"MEMORY\".main.pg_settings", "system.main.duckdb_settings", "temp.duckdb_settings",
                                  "lake.pg_catalog.duckdb_settings", "db.duckdb_settings", "lake.main.duckdb_settings"}) {
    EXPECT_FALSE(lake_.Fails("SELECT * FROM " + table).ok()) << table;
  }
}

TEST_F(StatementGuard, AllowsQueries) {
  for (const std::string sql : {
           "SELECT 1",
           "VALUES (1), (2)",
           "FROM cpu",
           "TABLE cpu",
           "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t",
           "SELECT * FROM cpu UNION SELECT * FROM cpu",
           "SELECT * FROM range(5)",
           "SELECT * FROM generate_series(1, 3)",
           "SELECT unnest([1, 2])",
           "SELECT * FROM unnest([1, 2])",
           "EXPLAIN SELECT * FROM cpu",
           "EXPLAIN ANALYZE SELECT * FROM cpu",
           "DESCRIBE cpu",
           "DESCRIBE TABLE cpu",
           "DESC cpu",
           "SHOW cpu",
           "SHOW TABLES",
           "SHOW ALL TABLES",
           "SHOW DATABASES",
           "SUMMARIZE cpu",
           "SUMMARIZE SELECT value FROM cpu",
           "PIVOT cpu ON host IN ('a') USING sum(value)",
           "UNPIVOT (SELECT value, number::DOUBLE AS n FROM cpu) ON value, n INTO NAME k VALUE v",
           "SELECT COLUMNS(*) FROM cpu",
           "SELECT list_transform([1, 2], x -> x + 1)",
           "SELECT * FROM information_schema.tables",
           "SELECT * FROM pg_catalog.pg_class",
           "SELECT * FROM duckdb_functions() LIMIT 1",
           "SELECT * FROM cpu USING SAMPLE 10%",
           "SELECT $1::INT",
       }) {
    const LakeFixture::Parameters parameters =
        sql.find("$1") == std::string::npos ? LakeFixture::Parameters{} : LakeFixture::Parameters{arrow::MakeScalar(1)};
    const auto result = lake_.Run(sql, "db", parameters);
    EXPECT_TRUE(result.ok()) << sql << ": " << result.status().message();
  }
}

}  // namespace
}  // namespace gigapi
