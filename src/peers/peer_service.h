// Answers other nodes of the cluster: the other end of PeerClient. The Flight service hands its actions on to this.
//
// Thread-safe.
#pragma once

#include <arrow/flight/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/membership.h"
#include "lake/lake.h"
#include "peers/peer_messages.h"
#include "storage/layer.h"

namespace gigapi {

class PeerService {
 public:
  /// All must outlive it. `layers` are those whose files are read out; `status` makes the JSON object of AskStatus.
  PeerService(Lake* lake, Membership* membership, std::vector<LayerPtr> layers, std::function<std::string()> status);

  /// Whether what a caller shows proves that it is a node of the cluster. May block.
  bool IsByNode(std::string_view proof) { return membership_->IsByNode(proof); }

  /// What AskStatus is answered.
  Result<std::string> DescribeNode() const { return status_(); }

  static bool Answers(std::string_view action);
  /// Rows and bytes are made ready piece by piece as the caller takes them.
  Result<std::unique_ptr<arrow::flight::ResultStream>> Answer(std::string_view action, std::string_view body);

 private:
  using AnswerStream = std::unique_ptr<arrow::flight::ResultStream>;
  struct Action {
    std::string_view name;
    Result<AnswerStream> (PeerService::*answer)(std::string_view body);
  };
  static const Action* Find(std::string_view name);

  Result<AnswerStream> ListBuffered(std::string_view body);
  Result<AnswerStream> ReadFile(std::string_view body);
  Result<AnswerStream> TellStatus(std::string_view body);
  Result<AnswerStream> DropRows(std::string_view body);
  Result<AnswerStream> LookAgain(std::string_view body);
  Result<AnswerStream> ListTables(std::string_view body);
  Result<AnswerStream> Flush(std::string_view body);

  Lake* const lake_;
  Membership* const membership_;
  const NodeEntry self_;
  const std::vector<LayerPtr> layers_;
  const std::function<std::string()> status_;
};

}  // namespace gigapi
