#include "app/settings_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/layer_places.h"
#include "app/setting_table.h"
#include "app/settings_text.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class SettingsLoaderTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gigapi_settings_XXXXXX";
    directory_ = mkdtemp(name);
    sources_.search_paths = {path("gigapi.toml"), path("etc.toml")};
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void WriteFile(const std::string& text, const std::string& name = "gigapi.toml") const {
    std::ofstream(path(name)) << text;
  }

  Result<LoadedSettings> Load() const { return LoadSettings(sources_); }
  LoadedSettings MustLoad() const {
    auto loaded = Load();
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? *loaded : LoadedSettings{};
  }
  std::string LoadFailure() const {
    auto loaded = Load();
    EXPECT_FALSE(loaded.ok());
    return loaded.ok() ? "" : loaded.status().message();
  }
  /// Why the loaded settings are refused; empty: they are not.
  std::string Refusal() const {
    auto loaded = MustLoad();
    return ResolveSettings(&loaded).message();
  }

  std::string directory_;
  SettingsSources sources_;
};

TEST_F(SettingsLoaderTest, NothingSetGivesTheDefaults) {
  auto loaded = MustLoad();
  EXPECT_TRUE(ResolveSettings(&loaded).ok());
  EXPECT_EQ(loaded.settings.http_port, 7971);
  EXPECT_EQ(loaded.settings.http_host, "0.0.0.0");
  EXPECT_EQ(loaded.settings.root, "data");
  EXPECT_EQ(loaded.settings.flush_interval_ms, 10'000);
  EXPECT_EQ(loaded.settings.durability, "fsync");
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_THAT(loaded.origins, IsEmpty());
}

TEST_F(SettingsLoaderTest, LaterLayersWinAndEachValueKnowsItsOrigin) {
  WriteFile("http_port = 1000\nroot = \"/file\"\ndurability = \"os\"\n");
  sources_.environment = {{"HTTP_PORT", "2000"}, {"GIGAPI_ROOT", "/environment"}};
  sources_.flags = {{"http_port", "3000"}};
  const auto loaded = MustLoad();
  EXPECT_EQ(loaded.settings.http_port, 3000);
  EXPECT_EQ(loaded.settings.root, "/environment");
  EXPECT_EQ(loaded.settings.durability, "os");
  EXPECT_EQ(loaded.origins.at("http_port"), "--http-port");
  EXPECT_EQ(loaded.origins.at("root"), "GIGAPI_ROOT");
  EXPECT_EQ(loaded.origins.at("durability"), path("gigapi.toml") + ":3");
  EXPECT_FALSE(loaded.origins.contains("http_host"));
}

TEST_F(SettingsLoaderTest, FirstFileFoundIsRead) {
  WriteFile("http_port = 1", "etc.toml");
  EXPECT_EQ(MustLoad().file, path("etc.toml"));
  WriteFile("http_port = 2");
  EXPECT_EQ(MustLoad().settings.http_port, 2);
  WriteFile("http_port = 3", "own.toml");
  sources_.config_path = path("own.toml");
  EXPECT_EQ(MustLoad().settings.http_port, 3);
  sources_.config_path = path("absent.toml");
  EXPECT_THAT(LoadFailure(), HasSubstr("absent.toml"));
}

TEST_F(SettingsLoaderTest, EveryGigapiNameMeansWhatItMeansThere) {
  sources_.environment = {{"GIGAPI_ROOT", "/data"},
                          {"GIGAPI_MODE", "aio"},
                          {"GIGAPI_MERGE_TIMEOUT_S", "20"},
                          {"GIGAPI_SAVE_TIMEOUT_S", "0.25"},
                          {"GIGAPI_NO_MERGES", "true"},
                          {"GIGAPI_UI", "false"},
                          {"GIGAPI_METADATA_TYPE", "json"},
                          {"GIGAPI_ENABLED", "true"},
                          {"GIGAPI_SECRET", ""},
                          {"GIGAPI_ALLOW_SAVE_TO_HD", "true"},
                          {"HTTP_PORT", "8080"},
                          {"HTTP_HOST", "127.0.0.1"},
                          {"HTTP_BASIC_AUTH_USERNAME", "me"},
                          {"HTTP_BASIC_AUTH_PASSWORD", "secret"},
                          {"FLIGHTSQL_PORT", "9082"},
                          {"FLIGHTSQL_ENABLE", "false"},
                          {"LOGLEVEL", "warn"},
                          {"DUCKDB_MEM_LIMIT", "2GB"},
                          {"DUCKDB_THREAD_LIMIT", "3"}};
  auto loaded = MustLoad();
  EXPECT_EQ(ResolveSettings(&loaded).message(), "");
  EXPECT_THAT(loaded.warnings, IsEmpty());
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.root, "/data");
  EXPECT_EQ(settings.merge_timeout_s, 20);
  EXPECT_EQ(settings.flush_interval_ms, 250);
  EXPECT_TRUE(settings.no_merges);
  EXPECT_FALSE(settings.ui);
  EXPECT_EQ(settings.http_port, 8080);
  EXPECT_EQ(settings.http_host, "127.0.0.1");
  EXPECT_EQ(settings.http_basic_auth_username, "me");
  EXPECT_EQ(settings.http_basic_auth_password, "secret");
  EXPECT_EQ(settings.flightsql_port, 9082);
  EXPECT_FALSE(settings.flightsql_enable);
  EXPECT_EQ(settings.log_level, "warn");
  EXPECT_EQ(settings.duckdb_mem_limit, "2GB");
  EXPECT_EQ(settings.duckdb_thread_limit, 3);
}

TEST_F(SettingsLoaderTest, HttpPortBeatsPort) {
  sources_.environment = {{"PORT", "1000"}, {"HOST", "localhost"}};
  EXPECT_EQ(MustLoad().settings.http_port, 1000);
  EXPECT_EQ(MustLoad().settings.http_host, "localhost");
  sources_.environment["HTTP_PORT"] = "2000";
  const auto loaded = MustLoad();
  EXPECT_EQ(loaded.settings.http_port, 2000);
  EXPECT_THAT(loaded.warnings, testing::ElementsAre(HasSubstr("PORT has no effect")));
}

TEST_F(SettingsLoaderTest, UnknownKeyInTheFileNamesTheNearest) {
  WriteFile("http_port = 1\nhtpp_port = 8080\n");
  EXPECT_EQ(LoadFailure(), path("gigapi.toml") + ":2: unknown setting htpp_port; did you mean http_port?");
  WriteFile("completely_different_thing = 1");
  EXPECT_THAT(LoadFailure(), testing::Not(HasSubstr("did you mean")));
  WriteFile("[[layers]]\ntyp = \"fs\"\n");
  EXPECT_THAT(LoadFailure(), HasSubstr("did you mean type?"));
}

TEST_F(SettingsLoaderTest, BadValuesSayWhereAndWhatIsExpected) {
  WriteFile("durability = \"always\"");
  EXPECT_EQ(LoadFailure(), path("gigapi.toml") + ":1: durability: expected one of fsync, os, flush, none");
  WriteFile("http_port = [1]");
  EXPECT_THAT(LoadFailure(), HasSubstr("expected one value"));
  WriteFile("http_port = ");
  EXPECT_THAT(LoadFailure(), HasSubstr(path("gigapi.toml") + ":1: "));
  WriteFile("");
  sources_.environment = {{"HTTP_PORT", "70000"}};
  EXPECT_EQ(LoadFailure(), "HTTP_PORT: expected 0 to 65535");
  sources_.environment = {{"GIGAPI_HTTP_BODY_BYTES_MAX", "4GiB"}};
  EXPECT_THAT(LoadFailure(), HasSubstr("expected 1024 to 2147483648"));
  sources_.environment = {{"GIGAPI_NO_MERGES", "maybe"}};
  EXPECT_EQ(LoadFailure(), "GIGAPI_NO_MERGES: expected true or false");
  sources_.environment = {};
  sources_.flags = {{"queries_max", "1.5"}};
  EXPECT_EQ(LoadFailure(), "--queries-max: expected a whole number");
}

TEST_F(SettingsLoaderTest, SizesHaveUnits) {
  for (const auto& [text, bytes] : std::map<std::string, int64_t>{
           {"1048576", 1 << 20}, {"64MiB", 64 << 20}, {"2 MB", 2'000'000}, {"1.5GiB", 3ll << 29}}) {
    sources_.environment = {{"GIGAPI_BUFFER_BYTES_MAX", text}};
    EXPECT_EQ(MustLoad().settings.buffer_bytes_max, bytes) << text;
  }
  for (const auto* text : {"", "MB", "64 apples", "-1", "1e999"}) {
    WriteFile(fmt::format("buffer_bytes_max = \"{}\"", text));
    sources_.environment = {};
    EXPECT_THAT(LoadFailure(), HasSubstr("expected")) << text;
  }
}

TEST_F(SettingsLoaderTest, ComposeExampleOfGigapiWorks) {
  sources_.environment = {{"GIGAPI_ROOT", "/data"},
                          {"GIGAPI_LAYERS_0_NAME", "default"},
                          {"GIGAPI_LAYERS_0_TYPE", "fs"},
                          {"GIGAPI_LAYERS_0_URL", "file:///data"}};
  EXPECT_EQ(Refusal(), "");
  sources_.environment.erase("GIGAPI_ROOT");
  auto loaded = MustLoad();
  EXPECT_TRUE(ResolveSettings(&loaded).ok());
  EXPECT_EQ(loaded.settings.root, "/data");
  EXPECT_EQ(loaded.origins.at("root"), "GIGAPI_LAYERS_0_URL");
  sources_.environment["GIGAPI_ROOT"] = "/elsewhere";
  loaded = MustLoad();
  EXPECT_TRUE(ResolveSettings(&loaded).ok()) << "the log lies in the root, files in the layer";
  EXPECT_EQ(loaded.settings.root, "/elsewhere");
}

TEST_F(SettingsLoaderTest, AGlobalFolderIsSharedUnlessItIsTheRootOfANodeThatRunsAll) {
  const auto catalog_layer = [&](std::map<std::string, std::string, std::less<>> more) {
    sources_.environment = {
        {"GIGAPI_LAYERS_0_TYPE", "fs"}, {"GIGAPI_LAYERS_0_URL", "file:///shared"}, {"GIGAPI_LAYERS_0_GLOBAL", "true"}};
    for (const auto& [name, value] : more) sources_.environment[name] = value;
    auto loaded = MustLoad();
    EXPECT_EQ(ResolveSettings(&loaded).message(), "");
    return SharedCatalogLayer(loaded.settings);
  };
  EXPECT_EQ(catalog_layer({}), std::nullopt) << "GigAPI's default";
  EXPECT_EQ(catalog_layer({{"GIGAPI_ROOT", "/x/../shared/"}}), std::nullopt);
  EXPECT_EQ(catalog_layer({{"GIGAPI_ROOT", "/own"}}), 0u);
  EXPECT_EQ(catalog_layer({{"GIGAPI_ROOT", "/own"}, {"GIGAPI_LAYERS_0_GLOBAL", "false"}}), std::nullopt);
  EXPECT_EQ(catalog_layer({{"GIGAPI_ROOT", "/own"}, {"GIGAPI_MODE", "readonly"}}), 0u);
  EXPECT_EQ(catalog_layer({{"GIGAPI_MODE", "writeonly"}}), 0u);
  const std::map<std::string, std::string, std::less<>> bucket = {{"GIGAPI_LAYERS_0_TTL", "1h"},
                                                                  {"GIGAPI_LAYERS_1_TYPE", "s3"},
                                                                  {"GIGAPI_LAYERS_1_URL", "s3://host/bucket"},
                                                                  {"GIGAPI_LAYERS_1_GLOBAL", "true"}};
  EXPECT_EQ(catalog_layer(bucket), 1u);
}

TEST_F(SettingsLoaderTest, FilesThatNeverAgeOutOfALayerAreWarnedOf) {
  sources_.environment = {{"GIGAPI_LAYERS_0_TYPE", "fs"},
                          {"GIGAPI_LAYERS_0_URL", "/a"},
                          {"GIGAPI_LAYERS_0_NAME", "hot"},
                          {"GIGAPI_LAYERS_1_TYPE", "fs"},
                          {"GIGAPI_LAYERS_1_URL", "/b"}};
  auto loaded = MustLoad();
  EXPECT_TRUE(ResolveSettings(&loaded).ok());
  EXPECT_THAT(loaded.warnings, testing::ElementsAre(HasSubstr("\"hot\" is not the last layer: files leave it only when")));
  sources_.environment["GIGAPI_LAYERS_0_TTL"] = "1h";
  loaded = MustLoad();
  EXPECT_TRUE(ResolveSettings(&loaded).ok());
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST_F(SettingsLoaderTest, WordsMayHaveCapitalsAndValuesBlanksAroundThem) {
  sources_.environment = {{"GIGAPI_MODE", " AIO"},
                          {"LOGLEVEL", "WARN "},
                          {"GIGAPI_METADATA_TYPE", "Local"},
                          {"GIGAPI_NO_MERGES", " True "},
                          {"HTTP_PORT", " 8080 "},
                          {"HTTP_BASIC_AUTH_USERNAME", "me"},
                          {"GIGAPI_LAYERS_0_TYPE", "FS"},
                          {"GIGAPI_LAYERS_0_URL", "/a "},
                          {"GIGAPI_LAYERS_0_TTL", " 30M "},
                          {"GIGAPI_LAYERS_1_TYPE", "S3"},
                          {"GIGAPI_LAYERS_1_TTL", "4W"},
                          {"HTTP_BASIC_AUTH_PASSWORD", " x "},
                          {"GIGAPI_LAYERS_1_URL", "s3://minio:9000/bucket?secure=False"}};
  auto loaded = MustLoad();
  EXPECT_EQ(ResolveSettings(&loaded).message(), "");
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.mode, "aio");
  EXPECT_EQ(settings.log_level, "warn");
  EXPECT_EQ(settings.metadata_type, "json");
  EXPECT_TRUE(settings.no_merges);
  EXPECT_EQ(settings.http_port, 8080);
  EXPECT_EQ(settings.http_basic_auth_password, " x ");
  EXPECT_EQ(settings.layers.at(0).type, "fs");
  EXPECT_EQ(settings.layers.at(0).url, "/a");
  EXPECT_EQ(settings.layers.at(0).ttl_s, 1'800);
  EXPECT_EQ(settings.layers.at(1).type, "s3");
  EXPECT_EQ(settings.layers.at(1).ttl_s, 4 * 7 * 86'400);
}

TEST_F(SettingsLoaderTest, TheTypeOfALayerIsReadFromItsAddress) {
  for (const auto& [url, type] : std::map<std::string, std::string>{{"/data", "fs"},
                                                                    {"file:///data", "fs"},
                                                                    {"s3://host/bucket", "s3"},
                                                                    {"gs://bucket", "gcs"},
                                                                    {"abfs://container@account", "azure"}}) {
    sources_.environment = {{"GIGAPI_LAYERS_0_URL", url}};
    auto loaded = MustLoad();
    EXPECT_EQ(ResolveSettings(&loaded).message(), "");
    EXPECT_EQ(loaded.settings.layers.at(0).type, type);
  }
  sources_.environment = {{"GIGAPI_LAYERS_0_URL", "http://host/bucket"}};
  EXPECT_THAT(Refusal(), HasSubstr("expected fs, s3"));
  sources_.environment = {{"GIGAPI_LAYERS_0_NAME", "x"}};
  EXPECT_THAT(Refusal(), HasSubstr("layers.0.url: is not set"));
}

TEST_F(SettingsLoaderTest, AGapBetweenLayersIsNamed) {
  sources_.environment = {{"GIGAPI_LAYERS_0_URL", "/a"}, {"GIGAPI_LAYERS_0_TTL", "1h"}, {"GIGAPI_LAYERS_2_URL", "/b"}};
  EXPECT_THAT(Refusal(), HasSubstr("layers.1.url: is not set; layers are numbered from 0, without gaps"));
}

TEST_F(SettingsLoaderTest, TwoLayersInOnePlaceAreRefused) {
  std::filesystem::create_directory_symlink("/tmp", path("link"));
  const std::vector<std::pair<std::string, std::string>> same = {
      {"/a", "file:///a/"},
      {"/a/../b", "/b"},
      {"/tmp/a", path("link/a")},
      {"s3://h:9000/bucket/lake", "s3://h:9000/bucket/lake/?url-style=path&region=eu"},
      {"s3://s3.amazonaws.com/bucket/x", "s3://s3.eu-west-1.amazonaws.com/bucket/x"},
      {"gs://bucket/x", "gs://bucket/x/"},
  };
  const std::vector<std::pair<std::string, std::string>> different = {
      {"/a", "/a/b"},
      {"s3://h:9000/bucket/lake", "s3://h:9001/bucket/lake"},
      {"s3://h/bucket", "s3://h/bucket/lake"},
      {"s3://h/bucket-a", "s3://h/bucket-b"},
      {"abfs://container@a/x", "abfs://container@b/x"},
  };
  const auto set = [&](const auto& urls) {
    sources_.environment = {{"GIGAPI_LAYERS_0_NAME", "hot"},
                            {"GIGAPI_LAYERS_0_URL", urls.first},
                            {"GIGAPI_LAYERS_0_TTL", "1h"},
                            {"GIGAPI_LAYERS_1_URL", urls.second}};
  };
  for (const auto& urls : same) {
    set(urls);
    EXPECT_THAT(Refusal(), HasSubstr("layers.1.url (GIGAPI_LAYERS_1_URL): is the place of layer \"hot\" too")) << urls.first;
  }
  for (const auto& urls : different) {
    set(urls);
    auto loaded = MustLoad();
    EXPECT_EQ(ResolveSettings(&loaded).message(), "") << urls.first;
  }
}

TEST_F(SettingsLoaderTest, LayersOfTheFileAndTheEnvironmentMerge) {
  WriteFile("[[layers]]\nname = \"cache\"\ntype = \"fs\"\nurl = \"/a\"\nglobal = true\n");
  sources_.environment = {{"GIGAPI_LAYERS_0_URL", "/b"}, {"GIGAPI_LAYER_0_TTL", "4w"}};
  const auto loaded = MustLoad();
  ASSERT_EQ(loaded.settings.layers.size(), 1u);
  EXPECT_EQ(loaded.settings.layers[0].name, "cache");
  EXPECT_EQ(loaded.settings.layers[0].url, "/b");
  EXPECT_TRUE(loaded.settings.layers[0].global);
  EXPECT_EQ(loaded.settings.layers[0].ttl_s, 4 * 7 * 86'400);
  EXPECT_EQ(loaded.origins.at("layers.0.url"), "GIGAPI_LAYERS_0_URL");
}

TEST_F(SettingsLoaderTest, ATimeToLiveThatDoesNotFitIsRefused) {
  for (const auto* ttl : {"292.5y", "106581d", "15300w", "2558000h", "1e30s", "-1s", "30", "1h30", "00"}) {
    sources_.environment = {{"GIGAPI_LAYERS_0_TTL", ttl}};
    EXPECT_THAT(LoadFailure(), HasSubstr("GIGAPI_LAYERS_0_TTL: expected a duration")) << ttl;
  }
  sources_.environment = {{"GIGAPI_LAYERS_0_TTL", "106580d"}};
  const int64_t seconds = MustLoad().settings.layers.at(0).ttl_s;
  EXPECT_LT(seconds, std::numeric_limits<int64_t>::max() / 1'000'000'000);
  EXPECT_EQ(seconds, int64_t{106'580} * 86'400);
}

TEST_F(SettingsLoaderTest, LayerNamesThatNobodyReadsAreErrors) {
  for (const auto* name :
       {"GIGAPI_LAYERS_0_TTTL", "GIGAPI_LAYERS_X_TYPE", "GIGAPI_LAYERS_99999999999_TYPE", "GIGAPI_LAYERS_0"}) {
    sources_.environment = {{name, "1"}};
    EXPECT_THAT(LoadFailure(), HasSubstr(name));
  }
}

TEST_F(SettingsLoaderTest, OfTheTwoNamesOfALayersSettingTheUsualOneCounts) {
  sources_.environment = {{"GIGAPI_LAYER_0_URL", "/a"}, {"GIGAPI_LAYERS_0_URL", "/b"}, {"GIGAPI_LAYER_0_NAME", "x"}};
  const auto loaded = MustLoad();
  EXPECT_EQ(loaded.settings.layers.at(0).url, "/b");
  EXPECT_EQ(loaded.settings.layers.at(0).name, "x");
  EXPECT_EQ(loaded.origins.at("layers.0.url"), "GIGAPI_LAYERS_0_URL");
  EXPECT_THAT(loaded.warnings, testing::ElementsAre("GIGAPI_LAYER_0_URL has no effect: GIGAPI_LAYERS_0_URL is set, too"));
}

struct Refused {
  std::map<std::string, std::string, std::less<>> environment;
  std::string reason;
};

TEST_F(SettingsLoaderTest, WhatIsNotBuiltIsRefusedNotIgnored) {
  const std::vector<Refused> cases = {
      {{{"GIGAPI_MODE", "readonly"}}, "mode (GIGAPI_MODE): \"readonly\" is for nodes that share a lake"},
      {{{"GIGAPI_METADATA_TYPE", "redis"}, {"GIGAPI_METADATA_URL", "http://x:secret@y"}}, "metadata_url"},
      {{{"GIGAPI_ENABLED", "false"}}, "nothing to do"},
      {{{"GIGAPI_SECRET", "x"}}, "http_basic_auth_username"},
      {{{"GIGAPI_ALLOW_SAVE_TO_HD", "false"}}, "not built"},
      {{{"HTTP_BASIC_AUTH_USERNAME", "x"}}, "without http_basic_auth_password"},
      {{{"HTTP_BASIC_AUTH_PASSWORD", "x"}}, "without http_basic_auth_username"},
      {{{"GIGAPI_LAYERS_0_TYPE", "s3"}, {"GIGAPI_LAYERS_0_URL", "/a"}}, "not the address of a layer of type s3"},
      {{{"GIGAPI_LAYERS_0_TYPE", "s3"}, {"GIGAPI_LAYERS_0_URL", "s3://key:very-secret@h/b"}}, "layers.0.url"},
      {{{"GIGAPI_LAYERS_0_TYPE", "nfs"}, {"GIGAPI_LAYERS_0_URL", "/a"}}, "expected fs, s3"},
      {{{"GIGAPI_LAYERS_0_TYPE", "fs"}, {"GIGAPI_LAYERS_0_URL", "file://data"}}, "three slashes"},
      {{{"GIGAPI_LAYERS_0_TYPE", "fs"}, {"GIGAPI_LAYERS_0_URL", "http://h/a"}}, "no folder"},
      {{{"GIGAPI_LAYERS_0_TYPE", "fs"}, {"GIGAPI_LAYERS_0_URL", "/a"}, {"GIGAPI_LAYERS_0_AUTH_KEY", "k"}},
       "a folder has no keys"},
      {{{"GIGAPI_LAYERS_0_NAME", "x"},
        {"GIGAPI_LAYERS_0_TYPE", "fs"},
        {"GIGAPI_LAYERS_0_URL", "/a"},
        {"GIGAPI_LAYERS_1_NAME", "x"},
        {"GIGAPI_LAYERS_1_TYPE", "fs"},
        {"GIGAPI_LAYERS_1_URL", "/b"}},
       "another layer"},
      {{{"GIGAPI_HTTP_IN_FLIGHT_BYTES_MAX", "1MB"}}, "must not be less"},
      {{{"GIGAPI_BUFFER_BYTES_MAX", "1MiB"}}, "must not be more"},
      {{{"DUCKDB_MEM_LIMIT", "lots"}}, "duckdb_mem_limit"},
  };
  for (const auto& each : cases) {
    sources_.environment = each.environment;
    EXPECT_THAT(Refusal(), HasSubstr(each.reason));
  }
}

TEST_F(SettingsLoaderTest, EveryReasonIsSaidAtOnce) {
  sources_.environment = {{"GIGAPI_MODE", "writeonly"}, {"GIGAPI_SECRET", "very secret"}};
  EXPECT_THAT(Refusal(), HasSubstr("GIGAPI_MODE"));
  EXPECT_THAT(Refusal(), HasSubstr("GIGAPI_SECRET"));
  EXPECT_THAT(Refusal(), testing::Not(HasSubstr("very secret")));
}

TEST_F(SettingsLoaderTest, CredentialsInTheAddressOfALayerAreNotRepeated) {
  for (const char* url : {"s3://key:hunter2@h/bucket", "s3://h/bucket?key=hunter2", "file://me:hunter2@h/share"}) {
    for (const char* type : {"", "fs", "s3"}) {
      sources_.environment = {{"GIGAPI_LAYERS_0_TYPE", type}, {"GIGAPI_LAYERS_0_URL", url}};
      EXPECT_THAT(Refusal(), testing::AllOf(HasSubstr("layers.0.url"), testing::Not(HasSubstr("hunter2"))));
      EXPECT_THAT(SettingsInForce(MustLoad()), testing::Not(HasSubstr("hunter2")));
    }
  }
  sources_.environment = {{"GIGAPI_LAYERS_0_URL", "data"}, {"GIGAPI_LAYERS_1_URL", "s3://h/bucket"}};
  EXPECT_THAT(SettingsInForce(MustLoad()), testing::AllOf(HasSubstr(" data "), HasSubstr("s3://h/bucket")));
}

TEST_F(SettingsLoaderTest, ALeaseLastsForTwoHeartbeats) {
  sources_.environment = {{"GIGAPI_LEASE_MS", "3000"}};
  EXPECT_THAT(Refusal(), HasSubstr("expected at least two heartbeats (10000 ms)"));
  sources_.environment["GIGAPI_HEARTBEAT_INTERVAL_MS"] = "1500";
  EXPECT_EQ(MustLoad().settings.lease_ms, 3000);
}

TEST_F(SettingsLoaderTest, MisspeltNamesInTheEnvironmentAreWarnedOf) {
  sources_.environment = {{"GIGAPI_DURABILTY", "os"}, {"GIGAPI_PORT", "tcp://10.0.0.1:7971"}};
  EXPECT_THAT(MustLoad().warnings, testing::ElementsAre("GIGAPI_DURABILTY is no setting; did you mean GIGAPI_DURABILITY?"));
}

TEST_F(SettingsLoaderTest, ConfigMasksSecretsAndShowsOrigins) {
  sources_.environment = {{"HTTP_BASIC_AUTH_USERNAME", "me"},
                          {"HTTP_BASIC_AUTH_PASSWORD", "hunter2"},
                          {"GIGAPI_LAYERS_0_AUTH_SECRET", "hunter3"}};
  const auto loaded = MustLoad();
  for (const auto& text : {SettingsInForce(loaded), SettingsInForceJson(loaded)}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("hunter")));
    EXPECT_THAT(text, HasSubstr("HTTP_BASIC_AUTH_PASSWORD"));
    EXPECT_THAT(text, HasSubstr("GIGAPI_LAYERS_0_AUTH_SECRET"));
    EXPECT_THAT(text, HasSubstr("default"));
  }
}

TEST(SettingTableTest, NamesAreUniqueAndDefaultsAreValid) {
  std::set<std::string, std::less<>> names;
  for (const auto& spec : SettingTable()) {
    EXPECT_TRUE(names.emplace(spec.key).second) << spec.key;
    EXPECT_FALSE(spec.doc.empty()) << spec.key;
    for (const auto& each : spec.environment) EXPECT_TRUE(names.emplace(each.name).second) << each.name;
    Settings settings;
    EXPECT_TRUE(SetSetting(spec, SettingText(spec, Settings{}), 1, &settings).ok()) << spec.key;
    EXPECT_EQ(SettingText(spec, settings), SettingText(spec, Settings{})) << spec.key;
  }
}

TEST(SettingTableTest, PageOfSettingsIsComplete) {
  std::ifstream file(std::string(GIGAPI_SOURCE_DIR) + "/docs/settings.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string begin = "<!-- settings: begin -->\n";
  const size_t from = page.find(begin);
  const size_t to = page.find("<!-- settings: end -->");
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(page.substr(from + begin.size(), to - from - begin.size()), SettingsMarkdown()) << "call `make docs`";
}

}  // namespace
}  // namespace gigapi
