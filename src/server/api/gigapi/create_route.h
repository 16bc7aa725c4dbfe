// POST /gigapi/create: makes a database. Parameters db (or database) and table in the URL or in a JSON object.
//
// Tables and their columns need no creation: the first row makes them. A table that is named is checked for a name that
// works, and appears with its first row. A body that is no JSON object is rows: they are written, as on /gigapi/insert,
// since an answer of 204 to rows must mean that they are kept.
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"

namespace gigapi {

/// `lake` must outlive the router.
void AddCreateRoute(Lake* lake, http::Handler write, http::Router* router);

}  // namespace gigapi
