#include "object_store/cache/range_reads.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"

namespace gigapi {
namespace {

Status ReadAll(const ReadableFile& file, const ByteRange& range, char* out) {
  ARROW_ASSIGN_OR_RAISE(const size_t read, file.ReadAt(range.offset, range.size, out));
  if (read == range.size) return Status::OK();
  return Error(ErrorKind::kUnavailable, "a file ends before what is to be read of it");
}

Status ReadOne(const ReadableFile& file, const ByteRange& request, const std::vector<const RangeRead*>& wanting) {
  if (wanting.size() == 1) {
    const RangeRead& read = *wanting.front();
    const bool fits = read.offset <= request.offset && request.end() <= read.offset + read.size;
    if (fits) return ReadAll(file, request, read.out + (request.offset - read.offset));
  }
  std::vector<char> bytes(request.size);
  ARROW_RETURN_NOT_OK(ReadAll(file, request, bytes.data()));
  for (const RangeRead* read : wanting) {
    const uint64_t begin = std::max(read->offset, request.offset);
    const uint64_t end = std::min(read->offset + read->size, request.end());
    std::memcpy(read->out + (begin - read->offset), bytes.data() + (begin - request.offset), end - begin);
  }
  return Status::OK();
}

}  // namespace

Status ReadRanges(const ReadableFile& file, const std::vector<RangeRead>& reads, const RangePolicy& policy,
                  size_t in_flight_max) {
  std::vector<ByteRange> wanted;
  for (const RangeRead& read : reads) wanted.push_back({read.offset, read.size});
  const std::vector<ByteRange> requests = PlanRequests(std::move(wanted), policy);
  return ForEachConcurrently(requests.size(), in_flight_max, "range-read", [&](size_t i) {
    const ByteRange& request = requests[i];
    std::vector<const RangeRead*> wanting;
    for (const RangeRead& read : reads) {
      if (read.offset < request.end() && request.offset < read.offset + read.size) wanting.push_back(&read);
    }
    return ReadOne(file, request, wanting);
  });
}

}  // namespace gigapi
