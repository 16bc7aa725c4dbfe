// gigapi_bench: a load generator that is cheap enough to share a small machine with the server it measures.
#include <cstdio>
#include <cstring>

#include "commands.h"

int main(int argc, char** argv) {
  if (argc >= 2 && strcmp(argv[1], "ingest") == 0) return gigapi::bench::RunIngest(argc - 2, argv + 2);
  if (argc >= 2 && strcmp(argv[1], "query") == 0) return gigapi::bench::RunQueries(argc - 2, argv + 2);
  if (argc >= 2 && strcmp(argv[1], "query_load") == 0) return gigapi::bench::RunQueryLoad(argc - 2, argv + 2);
  fprintf(stderr,
          "usage: gigapi_bench ingest|query|query_load [--option value]...   (a wrong option lists those there are)\n");
  return 2;
}
