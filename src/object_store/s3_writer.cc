#include "object_store/s3_writer.h"

#include "base/guarded.h"
#include "base/log.h"
#include "base/thread.h"
#include "object_store/s3_xml.h"

namespace gigapi {

S3Writer::~S3Writer() {
  in_flight_.clear();
  if (upload_id_.empty()) return;
  const auto aborted = client_->Send(
      {.method = "DELETE", .key = key_, .parameters = {{"uploadId", upload_id_}}, .requests = &client_->counters().puts});
  if (!aborted.ok()) LOG_WARN("an upload was left unfinished", "key={} reason=\"{}\"", key_, aborted.status().message());
}

Status S3Writer::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t taken = std::min(bytes.size(), kPartBytes - part_.size());
    part_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    size_bytes_ += taken;
    if (part_.size() == kPartBytes) ARROW_RETURN_NOT_OK(SendPart());
  }
  return Status::OK();
}

Status S3Writer::Commit() {
  if (etags_.empty()) {
    return client_->Demand({.method = "PUT", .key = key_, .body = part_, .requests = &client_->counters().puts}).status();
  }
  if (!part_.empty()) ARROW_RETURN_NOT_OK(SendPart());
  ARROW_RETURN_NOT_OK(AwaitParts(0));
  return Complete();
}

Status S3Writer::BeginUpload() {
  ARROW_ASSIGN_OR_RAISE(
      const S3Reply begun,
      client_->Demand(
          {.method = "POST", .key = key_, .parameters = {{"uploads", ""}}, .requests = &client_->counters().puts}));
  return ParseUploadId(begun.http.body).Value(&upload_id_);
}

Status S3Writer::SendPart() {
  if (upload_id_.empty()) ARROW_RETURN_NOT_OK(BeginUpload());
  if (etags_.size() == kPartsMax) return Errorf(ErrorKind::kTooLarge, "the object {} has too many parts", key_);
  ARROW_RETURN_NOT_OK(AwaitParts(kPartsInFlightMax - 1));
  size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    etags_.emplace_back();
    number = etags_.size();
  }
  in_flight_.push_back(StartThread("s3-upload", [this, number, bytes = std::exchange(part_, {})] {
    Status put = Guarded([&] { return PutPart(number, bytes); });
    if (put.ok()) return;
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = std::move(put);
  }));
  return Status::OK();
}

Status S3Writer::PutPart(size_t number, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const S3Reply reply,
                        client_->Demand({.method = "PUT",
                                         .key = key_,
                                         .parameters = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}},
                                         .body = bytes,
                                         .requests = &client_->counters().puts}));
  const std::lock_guard lock(mutex_);
  etags_[number - 1] = std::string(reply.http.Header("etag"));
  return Status::OK();
}

Status S3Writer::AwaitParts(size_t left) {
  while (in_flight_.size() > left) in_flight_.erase(in_flight_.begin());
  const std::lock_guard lock(mutex_);
  return failure_;
}

Status S3Writer::Complete() {
  const std::string parts = PartListXml(etags_);
  const S3Call call{.method = "POST",
                    .key = key_,
                    .parameters = {{"uploadId", upload_id_}},
                    .body = parts,
                    .requests = &client_->counters().puts};
  ARROW_ASSIGN_OR_RAISE(const S3Reply reply, client_->Send(call));
  // An upload that an earlier attempt has completed is gone: then the object tells.
  const bool was_done_before = reply.error_code == "NoSuchUpload" && reply.earlier_may_have_worked;
  if (!was_done_before) ARROW_RETURN_NOT_OK(client_->Explain(call, reply));
  upload_id_.clear();
  return VerifySize();
}

Status S3Writer::VerifySize() {
  ARROW_ASSIGN_OR_RAISE(const S3Reply head,
                        client_->Demand({.method = "HEAD", .key = key_, .requests = &client_->counters().gets}));
  if (head.http.Header("content-length") == std::to_string(size_bytes_)) return Status::OK();
  return Errorf(ErrorKind::kUnavailable, "the object {} has another size in the store than was written: {} instead of {}",
                key_, head.http.Header("content-length"), size_bytes_);
}

}  // namespace gigapi
