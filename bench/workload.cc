#include "workload.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <string_view>
#include <thread>

#include "arrow_bodies.h"
#include "fleet_row.h"

namespace gigapi::bench {
namespace {

void AppendInteger(std::string* out, int64_t value) {
  char digits[24];
  out->append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

/// 0.00 to 99.99
void AppendPercent(std::string* out, uint64_t hundredths) {
  AppendInteger(out, static_cast<int64_t>(hundredths / 100));
  *out += '.';
  *out += static_cast<char>('0' + hundredths / 10 % 10);
  *out += static_cast<char>('0' + hundredths % 10);
}

// ---- line protocol ----

void AppendLines(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  for (int64_t i = first; i < last; ++i) {
    const FleetRow row(workload, i);
    *out += "cpu,host=host_";
    AppendInteger(out, row.host);
    *out += ",region=";
    *out += row.region();
    for (size_t f = 0; f < kFields.size(); ++f) {
      *out += f == 0 ? ' ' : ',';
      *out += kFields[f];
      *out += '=';
      AppendPercent(out, row.hundredths[f]);
    }
    *out += ' ';
    AppendInteger(out, row.time_ns);
    *out += '\n';
  }
}

// ---- JSON ----

/// An object a line.
void AppendJsonLines(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  for (int64_t i = first; i < last; ++i) {
    const FleetRow row(workload, i);
    *out += "{\"time\":";
    AppendInteger(out, row.time_ns);
    *out += ",\"host\":\"host_";
    AppendInteger(out, row.host);
    *out += "\",\"region\":\"";
    *out += row.region();
    *out += '"';
    for (size_t f = 0; f < kFields.size(); ++f) {
      *out += ",\"";
      *out += kFields[f];
      *out += "\":";
      AppendPercent(out, row.hundredths[f]);
    }
    *out += "}\n";
  }
}

// ---- CSV ----

void AppendCsv(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  *out += "time,host,region";
  for (const std::string_view field : kFields) (*out += ',') += field;
  *out += '\n';
  for (int64_t i = first; i < last; ++i) {
    const FleetRow row(workload, i);
    AppendInteger(out, row.time_ns);
    *out += ",host_";
    AppendInteger(out, row.host);
    *out += ',';
    *out += row.region();
    for (const uint64_t hundredths : row.hundredths) {
      *out += ',';
      AppendPercent(out, hundredths);
    }
    *out += '\n';
  }
}

// ---- MessagePack ----

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) *out += static_cast<char>(value >> (8 * i));
}

/// Less than 32 bytes.
void PackText(std::string_view text, std::string* out) {
  *out += static_cast<char>(0xa0 | text.size());
  *out += text;
}

void PackHost(int64_t host, std::string* out) {
  std::string name = "host_";
  AppendInteger(&name, host);
  PackText(name, out);
}

void PackTime(int64_t time_ns, std::string* out) {
  *out += '\xcf';
  AppendBigEndian(static_cast<uint64_t>(time_ns), 8, out);
}

void PackPercent(uint64_t hundredths, std::string* out) {
  const double value = static_cast<double>(hundredths) / 100;
  uint64_t word;
  std::memcpy(&word, &value, sizeof(word));
  *out += '\xcb';
  AppendBigEndian(word, 8, out);
}

void PackColumn(std::string_view name, size_t rows, std::string* out) {
  PackText(name, out);
  *out += '\xdd';
  AppendBigEndian(rows, 4, out);
}

/// {m, columns: {...}}
void AppendMsgpackColumns(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  std::vector<FleetRow> rows;
  for (int64_t i = first; i < last; ++i) rows.emplace_back(workload, i);
  *out += '\x82';
  PackText("m", out);
  PackText("cpu", out);
  PackText("columns", out);
  *out += static_cast<char>(0x80 | (kFields.size() + 3));
  PackColumn("time", rows.size(), out);
  for (const FleetRow& row : rows) PackTime(row.time_ns, out);
  PackColumn("host", rows.size(), out);
  for (const FleetRow& row : rows) PackHost(row.host, out);
  PackColumn("region", rows.size(), out);
  for (const FleetRow& row : rows) PackText(row.region(), out);
  for (size_t f = 0; f < kFields.size(); ++f) {
    PackColumn(kFields[f], rows.size(), out);
    for (const FleetRow& row : rows) PackPercent(row.hundredths[f], out);
  }
}

/// {batch: [{m, t, tags, fields}, ...]}
void AppendMsgpackRows(const Workload& workload, int64_t first, int64_t last, std::string* out) {
  *out += '\x81';
  PackText("batch", out);
  *out += '\xdd';
  AppendBigEndian(static_cast<uint64_t>(last - first), 4, out);
  for (int64_t i = first; i < last; ++i) {
    const FleetRow row(workload, i);
    *out += '\x84';
    PackText("m", out);
    PackText("cpu", out);
    PackText("t", out);
    PackTime(row.time_ns, out);
    PackText("tags", out);
    *out += '\x82';
    PackText("host", out);
    PackHost(row.host, out);
    PackText("region", out);
    PackText(row.region(), out);
    PackText("fields", out);
    *out += static_cast<char>(0x80 | kFields.size());
    for (size_t f = 0; f < kFields.size(); ++f) {
      PackText(kFields[f], out);
      PackPercent(row.hundredths[f], out);
    }
  }
}

constexpr Format kFormats[] = {
    {"lines", "text/plain", "/write?precision=ns&db=", AppendLines},
    {"ndjson", "application/x-ndjson", "/write?table=cpu&db=", AppendJsonLines},
    {"csv", "text/csv", "/write?table=cpu&db=", AppendCsv},
    {"arrow", "application/vnd.apache.arrow.stream", "/write?table=cpu&db=", AppendArrowStream},
    {"msgpack", "application/msgpack", "/api/v1/write/msgpack?db=", AppendMsgpackColumns},
    {"msgpack_rows", "application/msgpack", "/api/v1/write/msgpack?db=", AppendMsgpackRows},
};

}  // namespace

const Format* FindFormat(const std::string& name) {
  for (const Format& format : kFormats) {
    if (name == format.name) return &format;
  }
  return nullptr;
}

std::vector<std::string> MakeBodies(const Workload& workload, const Format& format, int64_t rows_per_body) {
  std::vector<std::string> bodies(static_cast<size_t>((workload.rows + rows_per_body - 1) / rows_per_body));
  std::atomic<size_t> next{0};
  auto fill = [&] {
    for (size_t b = next++; b < bodies.size(); b = next++) {
      const int64_t first = static_cast<int64_t>(b) * rows_per_body;
      const int64_t last = std::min(workload.rows, first + rows_per_body);
      bodies[b].reserve(static_cast<size_t>(last - first) * 168);
      format.append_rows(workload, first, last, &bodies[b]);
      bodies[b].shrink_to_fit();
    }
  };
  std::thread other(fill);
  fill();
  other.join();
  return bodies;
}

}  // namespace gigapi::bench
