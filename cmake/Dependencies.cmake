# Where the libraries come from: Debian's own packages, and the archives that scripts/bootstrap put under build/deps.
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
# Named first, so that the loader finds their symbols first: libparquet exports some of another OpenSSL's, and a mixture crashes.
add_link_options(${OPENSSL_SSL_LIBRARY} ${OPENSSL_CRYPTO_LIBRARY})
find_package(Boost 1.81 REQUIRED)
find_package(FastFloat REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
set(Protobuf_USE_STATIC_LIBS ON)  # the messages of Flight SQL need no library where the program runs
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
set_property(TARGET PkgConfig::hiredis PROPERTY INTERFACE_COMPILE_OPTIONS)  # -D_FILE_OFFSET_BITS=64 says nothing on 64 bits

file(REAL_PATH ${CMAKE_SOURCE_DIR}/build/deps GIGAPI_DEPS)
file(GLOB GIGAPI_ARROW_DIR ${GIGAPI_DEPS}/arrow-*)
file(GLOB GIGAPI_DUCKDB_DIR ${GIGAPI_DEPS}/duckdb-*)
file(GLOB GIGAPI_SIMDJSON_DIR ${GIGAPI_DEPS}/simdjson-*)
if(NOT GIGAPI_ARROW_DIR OR NOT GIGAPI_DUCKDB_DIR OR NOT GIGAPI_SIMDJSON_DIR)
  message(FATAL_ERROR "Arrow, DuckDB or simdjson is missing: call scripts/bootstrap first")
endif()
set(CMAKE_BUILD_RPATH ${GIGAPI_ARROW_DIR}/lib ${GIGAPI_DUCKDB_DIR}/lib)

# The wheel has no CMake package and no plain .so links, only the versioned names.
foreach(name arrow parquet arrow_flight arrow_s3)
  file(GLOB library ${GIGAPI_ARROW_DIR}/lib/lib${name}.so.*)
  add_library(Arrow::${name} SHARED IMPORTED)
  set_target_properties(Arrow::${name} PROPERTIES IMPORTED_LOCATION ${library})
  target_include_directories(Arrow::${name} SYSTEM INTERFACE ${GIGAPI_ARROW_DIR}/include)
endforeach()
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
target_link_libraries(Arrow::arrow_flight INTERFACE Arrow::arrow)
target_link_libraries(Arrow::arrow_s3 INTERFACE Arrow::arrow)

add_library(DuckDB::duckdb SHARED IMPORTED)
set_target_properties(DuckDB::duckdb PROPERTIES IMPORTED_LOCATION ${GIGAPI_DUCKDB_DIR}/lib/libduckdb.so)
target_include_directories(DuckDB::duckdb SYSTEM INTERFACE ${GIGAPI_DUCKDB_DIR}/include)

# libparquet carries a simdjson of another version and exports its symbols, so that with the plain names the loader mixes
# the two: objects made by one and freed by the other. Hence our copy lives in a namespace of its own.
add_library(gigapi_simdjson STATIC ${GIGAPI_SIMDJSON_DIR}/simdjson.cpp)
target_include_directories(gigapi_simdjson SYSTEM PUBLIC ${GIGAPI_SIMDJSON_DIR})
target_compile_definitions(gigapi_simdjson PUBLIC simdjson=gigapi_simdjson simdjson_fast_float=gigapi_simdjson_fast_float)
add_library(simdjson::simdjson ALIAS gigapi_simdjson)
