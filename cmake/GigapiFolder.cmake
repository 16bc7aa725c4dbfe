# gigapi_folder(NAME USES TARGET...)
#
# Makes the static library gigapi_NAME of src/NAME/**/*.cc and the test program NAME_test of src/NAME/**/*_test.cc.
# The folder is visible to those that link it as "NAME/..." through a directory that holds just that one link: an include
# of a folder that is not named in USES (directly or through one that is) does not compile.
#
# DIR says where under src/ the folder lies when its name does not: a part of another folder, with libraries of its own,
# whose sources that other folder leaves out by EXCEPT.
#
# Sources under src/NAME/testing/ are helpers for tests: the library gigapi_NAME_testing, linked by tests only.
include(GoogleTest)
add_custom_target(unit_tests)  # all test programs
# Every test reads these headers, which take longer to compile than most tests do; and optimising a test's own code takes
# longer than the test runs.
file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "")
add_library(gigapi_test_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_headers.cc)
target_link_libraries(gigapi_test_headers PRIVATE GTest::gmock Arrow::arrow)
target_compile_options(gigapi_test_headers PRIVATE -O0)
target_precompile_headers(gigapi_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <arrow/result.h> <memory> <string> <vector>)

function(gigapi_folder name)
  cmake_parse_arguments(ARG "" "DIR;EXCEPT" "USES" ${ARGN})
  if(ARG_DIR)
    set(dir ${CMAKE_SOURCE_DIR}/src/${ARG_DIR})
  else()
    set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  endif()
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${dir} ${view}/${name} SYMBOLIC)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  if(ARG_EXCEPT)
    list(FILTER sources EXCLUDE REGEX "/${ARG_EXCEPT}/")
  endif()
  set(tests ${sources})
  set(testing ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER testing INCLUDE REGEX "/testing/")
  list(FILTER testing EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test\\.cc$|/testing/|/app/main\\.cc$)")

  if(sources)
    add_library(gigapi_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(gigapi_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(gigapi_${name} ${scope} ${view})
  target_link_libraries(gigapi_${name} ${scope} ${ARG_USES})

  add_library(gigapi_${name}_testing INTERFACE)
  target_link_libraries(gigapi_${name}_testing INTERFACE gigapi_${name})
  foreach(used ${ARG_USES})
    if(TARGET ${used}_testing)
      target_link_libraries(gigapi_${name}_testing INTERFACE ${used}_testing)
    endif()
  endforeach()
  if(testing)
    add_library(gigapi_${name}_testing_objects STATIC ${testing})
    target_link_libraries(gigapi_${name}_testing_objects PUBLIC gigapi_${name})
    target_link_libraries(gigapi_${name}_testing INTERFACE gigapi_${name}_testing_objects)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE gigapi_${name}_testing GTest::gmock_main)
    target_compile_definitions(${name}_test PRIVATE GIGAPI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    # A test names the members of a struct that it is about.
    target_compile_options(${name}_test PRIVATE -O0 -Wno-missing-field-initializers)
    target_precompile_headers(${name}_test REUSE_FROM gigapi_test_headers)
    add_dependencies(unit_tests ${name}_test)
    set(properties TIMEOUT 300)
    if(GIGAPI_SANITIZE)
      # More memory than there is cannot be had, as without it; else the sanitizer ends the program.
      list(APPEND properties ENVIRONMENT ASAN_OPTIONS=allocator_may_return_null=1)
    endif()
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
  endif()
endfunction()

# gigapi_protobuf(NAME PROTO...)
#
# Compiles messages into gigapi_NAME; each is included by the path of its .proto under src/, as "a/b.pb.h".
function(gigapi_protobuf name)
  set(generated ${CMAKE_BINARY_DIR}/generated/${name})
  file(MAKE_DIRECTORY ${generated})
  foreach(proto ${ARGN})
    string(REGEX REPLACE "\\.proto$" "" base ${proto})
    add_custom_command(
      OUTPUT ${generated}/${base}.pb.cc ${generated}/${base}.pb.h
      COMMAND protobuf::protoc --cpp_out=${generated} --proto_path=${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/src/${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/src/${proto} protobuf::protoc
      VERBATIM)
    target_sources(gigapi_${name} PRIVATE ${generated}/${base}.pb.cc)
    set_property(GLOBAL APPEND PROPERTY GIGAPI_GENERATED ${generated}/${base}.pb.h)
  endforeach()
  target_include_directories(gigapi_${name} SYSTEM PUBLIC ${generated})
endfunction()
