#include "arrow_bodies.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>

#include "fleet_row.h"
#include "options.h"

namespace gigapi::bench {
namespace {

arrow::Status Write(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::NANO), arrow::default_memory_pool());
  arrow::StringDictionary32Builder hosts, regions;
  std::array<arrow::DoubleBuilder, kFields.size()> values;
  for (int64_t i = first; i < last; ++i) {
    const FleetRow row(workload, i);
    ARROW_RETURN_NOT_OK(times.Append(row.time_ns));
    ARROW_RETURN_NOT_OK(hosts.Append("host_" + std::to_string(row.host)));
    ARROW_RETURN_NOT_OK(regions.Append(row.region()));
    for (size_t f = 0; f < values.size(); ++f) {
      ARROW_RETURN_NOT_OK(values[f].Append(static_cast<double>(row.hundredths[f]) / 100));
    }
  }
  arrow::ArrayVector arrays(3);
  ARROW_RETURN_NOT_OK(times.Finish(&arrays[0]));
  ARROW_RETURN_NOT_OK(hosts.Finish(&arrays[1]));
  ARROW_RETURN_NOT_OK(regions.Finish(&arrays[2]));
  arrow::FieldVector fields = {arrow::field("time", arrays[0]->type()), arrow::field("host", arrays[1]->type()),
                               arrow::field("region", arrays[2]->type())};
  for (size_t f = 0; f < values.size(); ++f) {
    ARROW_RETURN_NOT_OK(values[f].Finish(&arrays.emplace_back()));
    fields.push_back(arrow::field(std::string(kFields[f]), arrow::float64()));
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema(fields), last - first, std::move(arrays));
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(sink, batch->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto body, sink->Finish());
  out->append(reinterpret_cast<const char*>(body->data()), static_cast<size_t>(body->size()));
  return arrow::Status::OK();
}

}  // namespace

void AppendArrowStream(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  const arrow::Status written = Write(workload, first, last, out);
  if (!written.ok()) Fail(written.ToString());
}

}  // namespace gigapi::bench
