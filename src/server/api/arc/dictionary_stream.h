// Texts that repeat as dictionaries, for clients that ask for it by x-arc-arrow-dictionary: a value goes over the wire once.
#pragma once

#include <memory>

#include "query/query_engine.h"

namespace gigapi::arc {

/// Decides by the first batch which columns of text repeat enough, since the schema of a stream is fixed; the types of those
/// become dictionary<int32, utf8>. Each batch has the dictionary of all before it, grown by its own values, so that it is
/// sent again only when it has grown. One that grows to more than 64 MB fails the query with kTooLarge.
Result<std::unique_ptr<QueryStream>> WithDictionaries(std::unique_ptr<QueryStream> rows);

}  // namespace gigapi::arc
