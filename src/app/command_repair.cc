// gigapi repair: compares a lake's catalog with its files, and writes what the catalog lacks.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>

#include "app/commands.h"
#include "app/node_storage.h"
#include "app/progress_bar.h"
#include "app/settings_flags.h"
#include "app/stop_signal.h"
#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog_key.h"
#include "catalog/guarded_catalog.h"
#include "catalog/json_catalog.h"
#include "catalog/store_catalog.h"
#include "lake/catalog_lock.h"
#include "lake/drop_log.h"
#include "object_store/journal_feed.h"
#include "repair/repair_job.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr int kExitFindings = 2;
constexpr int64_t kLinesMax = 20;

struct RepairCommandOptions {
  std::shared_ptr<SettingsFlags> settings;
  bool apply = false;
  bool add_unlisted = false;
  bool forget_missing = false;
  bool remove_orphans = false;
  int64_t older_than_hours = 24;
  bool json = false;
};

/// A bar a step.
class RepairBar {
 public:
  void Show(const char* step, int64_t done, int64_t total) {
    if (!bar_ || step_ != step) bar_ = std::make_unique<ProgressBar>(step_ = step, total);
    bar_->Update(done, fmt::format("{} of {}", Grouped(done), Grouped(total)));
  }

 private:
  std::string step_;
  std::unique_ptr<ProgressBar> bar_;
};

/// What the repair works on, taken so that no server of this root changes it meanwhile.
class RepairTarget {
 public:
  static Result<std::unique_ptr<RepairTarget>> Open(const Settings& settings) {
    std::unique_ptr<RepairTarget> target(new RepairTarget);
    target->root_ = std::filesystem::absolute(settings.root).lexically_normal().string();
    ARROW_ASSIGN_OR_RAISE(target->storage_, OpenNodeStorage(settings));
    ARROW_RETURN_NOT_OK(target->is_shared() ? target->OpenShared() : target->OpenLocal());
    return target;
  }

  bool is_shared() const { return storage_.shared_catalog != nullptr; }
  const std::string& node() const { return node_; }
  const DropList& drops() const { return drops_; }
  RepairSources sources() const {
    return {.layers = storage_.layers, .catalog_store = CatalogStoreOf(storage_), .catalog = catalog_.get()};
  }

 private:
  RepairTarget() = default;

  /// Empty: no server has run here yet.
  Result<std::string> ReadNode() const {
    const std::string path = root_ + "/.gigapi/node";
    ARROW_ASSIGN_OR_RAISE(const bool exists, LocalFileSystem()->Exists(path));
    return exists ? ReadWholeFile(LocalFileSystem(), path) : Result<std::string>(std::string());
  }

  Status OpenLocal() {
    const std::string& directory = *storage_.layers.front()->local_directory();
    if (!std::filesystem::is_directory(directory)) return Errorf(ErrorKind::kNotFound, "{} is no folder", directory);
    ARROW_RETURN_NOT_OK(LocalFileSystem()->CreateDirectories(root_ + "/.gigapi"));
    auto lock = LocalFileSystem()->Lock(root_ + "/.gigapi/lock");
    if (!lock.ok()) return Errorf(KindOf(lock.status()), "a server runs on {}: stop it first", root_);
    lock_ = *std::move(lock);
    auto catalog_lock = LockCatalogFolder(LocalFileSystem(), root_, directory);
    if (KindOf(catalog_lock.status()) == ErrorKind::kUnavailable) {
      return Errorf(ErrorKind::kUnavailable, "a server runs on {}: stop it first", directory);
    }
    ARROW_RETURN_NOT_OK(catalog_lock.status());
    catalog_lock_ = *std::move(catalog_lock);
    ARROW_ASSIGN_OR_RAISE(node_, ReadNode());
    DropLog drops(LocalFileSystem(), root_);
    ARROW_RETURN_NOT_OK(drops.Load(0));
    drops_ = drops.list();
    catalog_ = std::make_unique<JsonCatalog>(LocalFileSystem(), directory, storage_.layers);
    return Status::OK();
  }

  /// Others may run: they are told what is written.
  Status OpenShared() {
    ARROW_ASSIGN_OR_RAISE(node_, ReadNode());
    ChangeNote note;
    if (!storage_.catalog_feed) {
      journal_ = std::make_shared<JournalFeed>(storage_.shared_catalog,
                                               JournalOptions{.prefix = std::string(kJournalPrefix), .node = "repair"});
      note = [journal = journal_](const std::string& key) { journal->Note(key); };
    }
    catalog_ = MakeStoreCatalog(storage_.shared_catalog, storage_.layers, node_, std::move(note));
    return Status::OK();
  }

  std::string root_;
  NodeStorage storage_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<FileLock> catalog_lock_;
  std::string node_;
  DropList drops_;
  std::shared_ptr<JournalFeed> journal_;
  std::unique_ptr<Catalog> catalog_;
};

int64_t RowsOf(const std::vector<DataFilePtr>& files) {
  int64_t rows = 0;
  for (const DataFilePtr& file : files) rows += file->rows;
  return rows;
}

/// The first lines; how many more there are.
class Lines {
 public:
  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    if (count_++ < kLinesMax) fmt::print(format, std::forward<Args>(args)...);
  }
  ~Lines() {
    if (count_ > kLinesMax) fmt::print("  ... and {} more (--json tells all)\n", Grouped(count_ - kLinesMax));
  }

 private:
  int64_t count_ = 0;
};

std::string_view Explain(OrphanKind kind) {
  switch (kind) {
    case OrphanKind::kReplaced: return "their rows are in listed files";
    case OrphanKind::kDropped: return "they wait for their removal";
    case OrphanKind::kOfDroppedTable: return "they are of tables that were dropped";
    case OrphanKind::kUnlisted:
      return "their rows are in no listed file that can be read: --add-unlisted lists those whose rows are surely in none";
    case OrphanKind::kConflicting: return "some of their rows are in listed files";
    case OrphanKind::kUnknown: return "they do not tell which rows they have";
    case OrphanKind::kUnreadable: return "they are no data files of their table";
  }
  return "";
}

void PrintOrphans(const RepairPlan& plan) {
  for (const OrphanKind kind :
       {OrphanKind::kReplaced, OrphanKind::kDropped, OrphanKind::kOfDroppedTable, OrphanKind::kUnlisted,
        OrphanKind::kConflicting, OrphanKind::kUnknown, OrphanKind::kUnreadable}) {
    int64_t files = 0, bytes = 0;
    for (const Orphan& orphan : plan.orphans) {
      if (orphan.kind != kind) continue;
      ++files;
      bytes += orphan.size_bytes;
    }
    if (files == 0) continue;
    fmt::print("{} orphans ({} bytes), {}: {}\n", Grouped(files), Grouped(bytes), ToString(kind), Explain(kind));
    const bool is_as_it_should_be =
        kind == OrphanKind::kReplaced || kind == OrphanKind::kDropped || kind == OrphanKind::kOfDroppedTable;
    if (is_as_it_should_be) continue;
    Lines lines;
    for (const Orphan& orphan : plan.orphans) {
      if (orphan.kind == kind) lines.Add("  {}{}{}\n", orphan.key, orphan.problem.empty() ? "" : ": ", orphan.problem);
    }
  }
}

void PrintPlan(const RepairPlan& plan, bool is_applied) {
  fmt::print("{} files with {} rows are as the catalog says\n", Grouped(plan.listed_files), Grouped(plan.listed_rows));
  const char* const verb = is_applied ? "rebuilt" : "to rebuild";
  if (!plan.tables.empty()) fmt::print("{} tables {}\n", Grouped(static_cast<int64_t>(plan.tables.size())), verb);
  int64_t files = 0, rows = 0;
  for (const HourChange& hour : plan.hours) {
    files += static_cast<int64_t>(hour.added.size());
    rows += RowsOf(hour.added);
  }
  if (!plan.hours.empty()) {
    fmt::print("{} hours {}: {} files with {} rows\n", Grouped(static_cast<int64_t>(plan.hours.size())), verb,
               Grouped(files), Grouped(rows));
    Lines lines;
    for (const HourChange& hour : plan.hours) {
      lines.Add("  {}: {} files added, {} rows\n", PartitionPath(TablePath(hour.database, hour.table), hour.partition),
                Grouped(static_cast<int64_t>(hour.added.size())), Grouped(RowsOf(hour.added)));
    }
  }
  if (plan.guessed_files > 0) {
    fmt::print(
        "{} of these files are of an earlier version, which does not say which rows of the log they have: rows that were "
        "in both may come twice\n",
        Grouped(plan.guessed_files));
  }
  if (!plan.missing.empty()) fmt::print("{} files are missing\n", Grouped(static_cast<int64_t>(plan.missing.size())));
  {
    Lines lines;
    for (const MissingFile& missing : plan.missing) {
      lines.Add("  {} ({} rows){}\n", missing.file->key, Grouped(missing.file->rows),
                missing.found_bytes
                    ? fmt::format(": has {} bytes instead of {}", *missing.found_bytes, missing.file->size_bytes)
                    : "");
    }
  }
  PrintOrphans(plan);
  Lines lines;
  for (const RepairProblem& problem : plan.problems) lines.Add("{}: {}; left as it is\n", problem.path, problem.text);
}

Status Apply(const RepairTarget& target, const RepairPlan& plan, const RepairHooks& hooks) {
  const RepairSources sources = target.sources();
  if (!target.is_shared()) return ApplyRepair(plan, sources.catalog, hooks);
  ARROW_RETURN_NOT_OK(BeginRebuild(sources.catalog_store.get()).status());
  ARROW_RETURN_NOT_OK(ApplyRepair(plan, sources.catalog, hooks));
  return EndRebuild(sources.catalog_store.get());
}

/// Whether the lake is whole now.
Result<bool> Repair(const RepairCommandOptions& options, const Settings& settings) {
  ARROW_ASSIGN_OR_RAISE(const auto target, RepairTarget::Open(settings));
  RepairBar bar;
  const RepairHooks hooks{
      .is_cancelled = StopSignalPending,
      .on_progress = [&bar](const char* step, int64_t done, int64_t total) { bar.Show(step, done, total); }};
  const int64_t written_before_ns = WallNanos() - options.older_than_hours * kNanosPerHour;
  ARROW_ASSIGN_OR_RAISE(const LakeInventory inventory, ReadInventory(target->sources(), target->node(), hooks));
  const RepairPlan plan = MakeRepairPlan(inventory, {.node = target->node(),
                                                     .is_shared = target->is_shared(),
                                                     .drops = target->drops(),
                                                     .add_unlisted = options.add_unlisted,
                                                     .forget_missing = options.forget_missing});
  RemovedOrphans removed;
  if (options.apply) {
    ARROW_RETURN_NOT_OK(Apply(*target, plan, hooks));
    if (options.remove_orphans) {
      ARROW_ASSIGN_OR_RAISE(removed, RemoveOrphans(plan, written_before_ns, hooks));
    }
  }
  if (options.json) fmt::print("{}\n", EncodeRepairPlan(plan));
  else PrintPlan(plan, options.apply);
  const bool is_unwritten = !plan.hours.empty() || !plan.tables.empty();
  if (!options.json && is_unwritten && !options.apply)
    fmt::print("nothing was changed: --apply writes what is to be rebuilt\n");
  if (!options.json && removed.files > 0) {
    fmt::print("{} orphans removed, {} bytes\n", Grouped(removed.files), Grouped(removed.bytes));
  }
  const bool is_missing = !plan.missing.empty() && !(options.apply && options.forget_missing);
  return !is_missing && plan.problems.empty() && (options.apply || !is_unwritten);
}

int RunRepairCommand(const RepairCommandOptions& options) {
  ConfigureLog("warn");
  auto loaded = LoadProcessSettings(*options.settings);
  if (!loaded.ok()) return Fail(loaded.status());
  const Status resolved = ResolveSettings(&*loaded);
  if (!resolved.ok()) return Fail(resolved);
  ConfigureLog("warn");
  BlockStopSignals();
  const auto is_whole = Repair(options, loaded->settings);
  if (!is_whole.ok()) return Fail(is_whole.status());
  return *is_whole ? 0 : kExitFindings;
}

}  // namespace

void AddRepairCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("repair", "Check the catalog against the files, and rebuild what it lost");
  command->footer(
      R"(With the settings of the server (flags, environment or file). Nothing is changed or removed without --apply, and nothing
ever that holds rows of its own. A server that runs on a local root is refused; nodes that share a catalog may run. Ends with 0
when the lake is whole, 2 when something is left to do, 1 when the repair failed. docs/repair.md says more.

Examples:
  gigapi repair --root /var/lib/gigapi
  gigapi repair --root /var/lib/gigapi --apply
  gigapi repair --config /etc/gigapi.toml --json)");
  auto options = std::make_shared<RepairCommandOptions>();
  options->settings = AddSettingsFlags(command);
  command->add_flag("--apply", options->apply, "Write the metadata that is missing");
  command->add_flag("--add-unlisted", options->add_unlisted,
                    "Add files whose rows are in no listed file to hours that have metadata");
  command->add_flag("--forget-missing", options->forget_missing, "Take the names of files that are gone out of the catalog");
  command->add_flag("--delete-orphans", options->remove_orphans,
                    "With --apply, delete old files that no metadata names and whose rows are not needed");
  command->add_option("--older-than-hours", options->older_than_hours, "How old these must be")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000}))
      ->type_name("HOURS");
  command->add_flag("--json", options->json, "The report as JSON, with every file");
  command->callback([=] { *body = [=] { return RunRepairCommand(*options); }; });
}

}  // namespace gigapi
