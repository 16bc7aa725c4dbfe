#include "repair/repair_planner.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/path.h"
#include "repair/file_choice.h"
#include "repair/table_rebuild.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

FileCandidate CandidateOf(const FoundFile& found) {
  const ParquetFooter& footer = *found.footer;
  return {.name = NameOf(found.key),
          .layer = found.layer_position,
          .level = LevelOfFileName(NameOf(found.key)).value_or(1),
          .size_bytes = found.size_bytes,
          .rows = footer.rows,
          .min_time = footer.min_time,
          .max_time = footer.max_time,
          .provenance = footer.provenance ? &*footer.provenance : nullptr};
}

Orphan OrphanOf(const FoundFile& found, OrphanKind kind) {
  return {.layer = found.layer,
          .key = found.key,
          .size_bytes = found.size_bytes,
          .rows = found.footer ? found.footer->rows : 0,
          .modified_ns = found.modified_ns,
          .kind = kind,
          .problem = found.problem};
}

/// What of an hour is to be added, and what is then known.
struct HourFindings {
  std::vector<const FoundFile*> added;
  std::vector<DataFilePtr> kept;
  std::vector<DataFilePtr> replaced;
  bool has_missing = false;
};

bool HasRecord(const FileProvenance& file, uint64_t sequence) {
  return std::ranges::any_of(file.logs, [&](const auto& log) {
    return std::ranges::any_of(log.second,
                               [&](LogRange range) { return range.after < sequence && sequence <= range.up_to; });
  });
}

/// Whether a file was merged from one that is gone, or is a copy of it. Its footer names what it was merged from; of what
/// that was merged from in turn, all that is known must fit. A file that is gone is of no use to anybody, and comes to no
/// harm if that is wrong.
bool IsMadeOf(const FoundFile& found, const DataFile& gone) {
  if (!CandidateOf(found).is_exact()) return false;
  const ParquetFooter& footer = *found.footer;
  const FileProvenance& provenance = *footer.provenance;
  if (std::ranges::count(provenance.replaced, NameOf(gone.key)) > 0) return true;
  return provenance.created_ns >= gone.created_ns && footer.rows >= gone.rows && footer.min_time <= gone.min_time &&
         footer.max_time >= gone.max_time && HasRecord(provenance, gone.min_sequence) &&
         HasRecord(provenance, gone.max_sequence);
}

bool AreMadeOf(const std::vector<const FoundFile*>& files, const std::vector<DataFilePtr>& gone) {
  return std::ranges::all_of(gone, [&](const DataFilePtr& each) {
    return std::ranges::any_of(files, [&](const FoundFile* file) { return IsMadeOf(*file, *each); });
  });
}

/// What an hour lists.
struct ListedFiles {
  std::vector<const FoundFile*> here;
  bool are_exact = true;            // whether all those that this machine reaches say which rows they have
  std::set<std::string> elsewhere;  // nodes that have files of their own logs where nobody else reaches them

  /// Whether those that do not tell may have some of a file's rows.
  bool MayHaveRowsOf(const FileProvenance& file) const {
    return !are_exact || elsewhere.contains("") ||
           std::ranges::any_of(file.logs, [&](const auto& log) { return elsewhere.contains(log.first); });
  }
};

class TablePlanner {
 public:
  TablePlanner(const std::pair<std::string, std::string>& name, const TableInventory& table, const RepairOptions& options,
               RepairPlan* plan)
      : database_(name.first),
        name_(name.second),
        path_(TablePath(name.first, name.second)),
        table_(table),
        options_(options),
        plan_(plan) {}

  void Run() {
    if (!table_.problem.empty()) {
      plan_->problems.push_back({path_, table_.problem});
      return;
    }
    std::map<PartitionKey, HourFindings> findings;
    std::vector<const FoundFile*> columns_of;
    for (const auto& [partition, hour] : table_.hours) {
      if (!hour.problem.empty()) {
        plan_->problems.push_back({PartitionPath(path_, partition), hour.problem});
        continue;
      }
      HourFindings& found = findings[partition];
      found = hour.metadata ? Compare(partition, hour) : Rebuild(partition, hour);
      columns_of.insert(columns_of.end(), found.added.begin(), found.added.end());
      if (table_.schema == nullptr) AddListed(hour, &columns_of);
    }
    auto schema = RebuildSchema(table_.schema, std::move(columns_of));
    if (!schema.ok()) {
      plan_->problems.push_back({path_, schema.status().message()});
      return;
    }
    schema = WithListedColumns(*std::move(schema));
    for (const auto& [partition, found] : findings) Change(partition, found, **schema);
    const bool is_new = table_.schema == nullptr;
    if ((is_new && !findings.empty() && has_files_) || (!is_new && (*schema)->size() > table_.schema->size())) {
      plan_->tables.push_back({database_, name_, *schema, is_new});
    }
  }

 private:
  const FoundFile* Find(const HourInventory& hour, const DataFile& listed) const {
    const auto found = std::ranges::find_if(
        hour.files, [&](const FoundFile& file) { return file.layer == listed.layer && file.key == listed.key; });
    return found == hour.files.end() ? nullptr : &*found;
  }

  bool IsQueued(const PartitionMetadata& metadata, const FoundFile& file) const {
    return std::ranges::any_of(metadata.drop_queue, [&](const DroppedName& dropped) {
      const bool is_in_layer = dropped.layer.empty() ? file.layer_position == 0 : dropped.layer == file.layer->name();
      return is_in_layer && dropped.name == NameOf(file.key);
    });
  }

  enum class Age {
    kOfThisTable,
    kDropped,
    kMixed
  };

  /// Rows of records up to a drop are gone, whatever files still have them. A file is older or newer than a drop as a whole;
  /// what its first range begins after tells nothing, since the first flush of an hour begins after 0. Unless the catalog
  /// fell back to the middle of the drop, so that rows from before it and after it were merged.
  Age AgeOf(PartitionKey partition, const FoundFile& file) const {
    if (!file.footer || !file.footer->provenance) return Age::kOfThisTable;
    bool has_older = false, has_newer = false;
    for (const auto& [node, ranges] : file.footer->provenance->logs) {
      if (ranges.empty()) continue;
      const uint64_t last = ranges.back().up_to;
      const uint64_t here = node == options_.node ? DroppedHereUpTo() : 0;
      const uint64_t dropped_up_to = std::max(here, SequenceOf(table_.dropped.wal_sequences, node));
      has_older |= last <= here || table_.dropped.Covers(partition, node, last);
      has_newer |= dropped_up_to > 0 && last > dropped_up_to;  // a node that no drop has heard of tells nothing
    }
    if (!has_older) return Age::kOfThisTable;
    return has_newer ? Age::kMixed : Age::kDropped;
  }

  /// By a drop of this machine that the catalog has not been told of; 0: it knows all.
  uint64_t DroppedHereUpTo() const {
    const uint64_t here = options_.drops.DroppedUpTo(database_, name_);
    return here > SequenceOf(table_.dropped.wal_sequences, options_.node) ? here : 0;
  }

  /// Why the file cannot be of this hour; empty: it can. Queries leave hours out by their time.
  std::string WhyNotOurs(PartitionKey partition, const FoundFile& file) const {
    if (!file.footer) return file.problem;
    const ParquetFooter& footer = *file.footer;
    const bool is_of_table =
        !footer.provenance || (footer.provenance->database == database_ && footer.provenance->table == name_);
    if (!is_of_table) return "its footer names another table";
    const bool is_in_hour = footer.min_time >= partition.begin_ns() && footer.max_time <= partition.last_ns();
    return is_in_hour || footer.rows == 0 ? "" : "it has rows of another hour";
  }

  bool IsLeftToOthers(const FoundFile& file) const {
    return options_.own_rows_only && !(file.footer->provenance && file.footer->provenance->logs.contains(options_.node));
  }

  /// Takes out of `files` what cannot be chosen.
  void SetAside(PartitionKey partition, std::vector<const FoundFile*>* files) {
    std::erase_if(*files, [&](const FoundFile* file) {
      std::string problem = WhyNotOurs(partition, *file);
      const bool is_ours = file->footer && problem.empty();
      const Age age = AgeOf(partition, *file);
      if (is_ours && age == Age::kOfThisTable) return false;
      const OrphanKind kind = age == Age::kMixed ? OrphanKind::kConflicting : OrphanKind::kOfDroppedTable;
      plan_->orphans.push_back(OrphanOf(*file, is_ours ? kind : OrphanKind::kUnreadable));
      plan_->orphans.back().problem = std::move(problem);
      return true;
    });
  }

  std::vector<const FoundFile*> Choose(std::vector<const FoundFile*> files) {
    std::erase_if(files, [&](const FoundFile* file) {
      if (!IsLeftToOthers(*file)) return false;
      plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kUnlisted));
      return true;
    });
    std::vector<FileCandidate> candidates;
    for (const FoundFile* file : files) candidates.push_back(CandidateOf(*file));
    const std::vector<FileChoice> choices = ChooseFiles(candidates);
    std::vector<const FoundFile*> taken;
    for (size_t i = 0; i < files.size(); ++i) {
      if (choices[i] == FileChoice::kTaken) taken.push_back(files[i]);
      else if (choices[i] == FileChoice::kReplaced) plan_->orphans.push_back(OrphanOf(*files[i], OrphanKind::kReplaced));
      else plan_->orphans.push_back(OrphanOf(*files[i], OrphanKind::kConflicting));
    }
    return taken;
  }

  HourFindings Rebuild(PartitionKey partition, const HourInventory& hour) {
    std::vector<const FoundFile*> files;
    for (const FoundFile& file : hour.files) files.push_back(&file);
    SetAside(partition, &files);
    return {.added = Choose(files), .kept = {}, .replaced = {}};
  }

  HourFindings Compare(PartitionKey partition, const HourInventory& hour) {
    HourFindings found;
    ListedFiles listed;
    std::vector<MissingFile> missing;
    for (const DataFilePtr& file : hour.metadata->files) {
      has_files_ = true;
      if (file->is_elsewhere) {
        found.kept.push_back(file);
        listed.elsewhere.insert(file->node);
        continue;
      }
      const FoundFile* const there = Find(hour, *file);
      if (there != nullptr && there->size_bytes == file->size_bytes) {
        found.kept.push_back(file);
        listed.here.push_back(there);
        ++plan_->listed_files;
        plan_->listed_rows += file->rows;
        continue;
      }
      missing.push_back({file, there ? std::optional(there->size_bytes) : std::nullopt});
      if (there != nullptr) listed.here.push_back(there);
    }
    std::vector<const FoundFile*> others;
    for (const FoundFile& file : hour.files) {
      if (std::ranges::find(listed.here, &file) != listed.here.end()) continue;
      if (IsQueued(*hour.metadata, file)) plan_->orphans.push_back(OrphanOf(file, OrphanKind::kDropped));
      else others.push_back(&file);
    }
    SetAside(partition, &others);
    if (options_.add_unlisted) found.replaced = FindReplaced(missing, others);
    if (found.replaced.empty()) listed.are_exact &= missing.empty();
    found.added = SortOut(std::move(listed), others);
    if (!AreMadeOf(found.added, found.replaced)) {
      for (const FoundFile* file : std::exchange(found.added, {})) {
        plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kUnlisted));
      }
      found.replaced.clear();
    }
    if (found.replaced.empty()) std::ranges::move(missing, std::back_inserter(plan_->missing));
    found.has_missing = found.replaced.empty() && !missing.empty();
    return found;
  }

  /// All that is missing if a merge or a move whose commit the catalog has lost has replaced it; else nothing.
  static std::vector<DataFilePtr> FindReplaced(const std::vector<MissingFile>& missing,
                                               const std::vector<const FoundFile*>& others) {
    std::vector<DataFilePtr> gone;
    for (const MissingFile& each : missing) {
      if (each.found_bytes) return {};
      gone.push_back(each.file);
    }
    return AreMadeOf(others, gone) ? gone : std::vector<DataFilePtr>();
  }

  /// Answers the files whose rows are certainly in no listed one, if they are to be added.
  std::vector<const FoundFile*> SortOut(ListedFiles listed, const std::vector<const FoundFile*>& others) {
    std::map<std::string, LogRanges> covered;
    std::set<std::string> replaced;
    for (const FoundFile* file : listed.here) {
      const bool is_exact = file->footer && CandidateOf(*file).is_exact();
      listed.are_exact &= is_exact;
      if (!file->footer || !file->footer->provenance) continue;
      replaced.insert(file->footer->provenance->replaced.begin(), file->footer->provenance->replaced.end());
      if (!is_exact) continue;
      for (const auto& [log, ranges] : file->footer->provenance->logs) {
        for (const LogRange range : ranges) AddRange(range, &covered[log]);
      }
    }
    std::vector<const FoundFile*> unlisted;
    for (const FoundFile* file : others) {
      const bool is_exact = CandidateOf(*file).is_exact();
      const Coverage coverage = is_exact ? CoverageOf(*file->footer->provenance, covered) : Coverage::kNone;
      if (replaced.contains(NameOf(file->key)) || coverage == Coverage::kAll) {
        plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kReplaced));
      } else if (coverage == Coverage::kSome) {
        plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kConflicting));
      } else if (!is_exact) {
        plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kUnknown));
      } else if (listed.MayHaveRowsOf(*file->footer->provenance)) {
        // It must not be added, and not be removed either: it may be the only copy.
        plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kUnlisted));
      } else {
        unlisted.push_back(file);
      }
    }
    if (options_.add_unlisted) return Choose(unlisted);
    // Also those whose rows another one of them has: it may be given up yet, as the file of a merge that comes too late.
    for (const FoundFile* file : unlisted) plan_->orphans.push_back(OrphanOf(*file, OrphanKind::kUnlisted));
    return {};
  }

  static void AddListed(const HourInventory& hour, std::vector<const FoundFile*>* files) {
    if (!hour.metadata) return;
    for (const FoundFile& file : hour.files) {
      const bool is_listed =
          std::ranges::any_of(hour.metadata->files, [&](const DataFilePtr& listed) { return listed->key == file.key; });
      if (is_listed && file.footer) files->push_back(&file);
    }
  }

  /// A store that fell back to an older state may have lost columns alone.
  SchemaPtr WithListedColumns(SchemaPtr schema) const {
    std::vector<ColumnSchema> lost;
    for (const auto& [partition, hour] : table_.hours) {
      if (!hour.metadata) continue;
      for (const DataFilePtr& file : hour.metadata->files) {
        for (const ColumnStats& column : file->columns) {
          const bool is_known =
              schema->FindIgnoringCase(column.name) ||
              std::ranges::any_of(lost, [&](const ColumnSchema& other) { return other.name == column.name; });
          if (!is_known) lost.push_back({column.name, column.type});
        }
      }
    }
    return lost.empty() ? schema : schema->With(lost);
  }

  void Change(PartitionKey partition, const HourFindings& found, const TableSchema& schema) {
    if (found.added.empty() && !(found.has_missing && options_.forget_missing)) return;
    const HourInventory& hour = table_.hours.at(partition);
    HourChange change{.database = database_, .table = name_, .partition = partition, .metadata = {}};
    change.is_new = !hour.metadata;
    change.version = hour.version;
    if (hour.metadata) change.metadata = *hour.metadata;
    change.metadata.table = name_;
    if ((options_.forget_missing && found.has_missing) || !found.replaced.empty()) change.metadata.files = found.kept;
    change.replaced = found.replaced;
    for (const FoundFile* file : found.added) {
      change.added.push_back(MakeDataFile(*file, partition, schema, options_.node, options_.is_shared));
      if (!CandidateOf(*file).is_exact()) ++plan_->guessed_files;
    }
    change.metadata.files.insert(change.metadata.files.end(), change.added.begin(), change.added.end());
    RaiseSequences(found.added, options_.node, options_.is_shared, &change.metadata.wal_sequences);
    has_files_ |= !change.metadata.files.empty();
    plan_->hours.push_back(std::move(change));
  }

  const std::string& database_;
  const std::string& name_;
  const std::string path_;
  const TableInventory& table_;
  const RepairOptions& options_;
  RepairPlan* const plan_;
  bool has_files_ = false;
};

}  // namespace

std::string_view ToString(OrphanKind kind) {
  switch (kind) {
    case OrphanKind::kReplaced: return "replaced";
    case OrphanKind::kDropped: return "dropped";
    case OrphanKind::kOfDroppedTable: return "dropped_table";
    case OrphanKind::kUnlisted: return "unlisted";
    case OrphanKind::kConflicting: return "conflicting";
    case OrphanKind::kUnknown: return "unknown";
    case OrphanKind::kUnreadable: return "unreadable";
  }
  return "";
}

RepairPlan MakeRepairPlan(const LakeInventory& inventory, const RepairOptions& options) {
  RepairPlan plan;
  for (const auto& [name, table] : inventory.tables) TablePlanner(name, table, options, &plan).Run();
  for (const TableChange& table : plan.tables) {
    const bool is_known = inventory.databases.contains(table.database) || std::ranges::count(plan.databases, table.database);
    if (!is_known) plan.databases.push_back(table.database);
  }
  return plan;
}

}  // namespace gigapi
