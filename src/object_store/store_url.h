// The address of a store as a setting has it. Pure.
//
//   file:///folder, or /folder
//   s3://endpoint[:port]/bucket[/prefix][?secure=true|false&url-style=vhost|path&region=]
//   gs://bucket[/prefix][?endpoint=host[:port]&secure=true|false]
//   abfs://container@account[.dfs.core.windows.net][/prefix][?endpoint=host[:port]&secure=true|false]      abfss:// is the
//   same
//
// An endpoint is that of an emulator or of a private cloud; it has the account of Azure in its paths. Without TLS
// (secure=false) gs:// sends no credentials.
//
// Credentials are no part of it, and an address that has some is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

enum class StoreKind {
  kLocal,
  kS3,
  kGcs,
  kAzure,
};

enum class S3UrlStyle {
  kVirtualHost,  // bucket.endpoint/key
  kPath,         // endpoint/bucket/key
};

struct StoreUrl {
  StoreKind kind = StoreKind::kLocal;
  std::string path = {};     // kLocal: absolute, without a slash at the end
  std::string bucket = {};   // kAzure: the container
  std::string prefix = {};   // in the bucket; empty, or ends with a slash
  std::string account = {};  // kAzure

  std::string host = {};  // kGcs, kAzure: empty for the service itself
  uint16_t port = 443;
  bool secure = true;

  // kS3
  S3UrlStyle url_style = S3UrlStyle::kVirtualHost;
  std::string region = {};

  bool operator==(const StoreUrl&) const = default;
};

/// Without url-style a host that has no names under it (an IP address, or one without a dot: localhost, minio) gets kPath,
/// others kVirtualHost. Without region it is read from the names of AWS and R2, else us-east-1. Messages never repeat the
/// address.
Result<StoreUrl> ParseStoreUrl(std::string_view text);

/// An address that ParseStoreUrl reads to the same; for logs.
std::string ToString(const StoreUrl& url);

}  // namespace gigapi
