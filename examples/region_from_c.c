/* examples/region_from_c.c - how does a C program use regions? A connection that lives long, a
 * request in it, and a source of its own that counts what both take. docs/c_api.md explains it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tarn/c/tarn.h"

static int failure_count = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  ++failure_count;
  printf("not as promised: %s\n", what);
}

struct account {
  size_t out_bytes;
};

static void* acquire(void* context, size_t bytes, size_t alignment) {
  struct account* account = context;
  void* chunk = NULL;
  if (alignment > 16) return NULL; /* malloc() aligns to 16 */
  chunk = malloc(bytes);
  if (chunk != NULL) account->out_bytes += bytes;
  return chunk;
}

static void release(void* context, void* chunk, size_t bytes, size_t alignment) {
  struct account* account = context;
  (void)alignment;
  account->out_bytes -= bytes;
  free(chunk);
}

static void say_goodbye(void* argument) { printf("%s is over\n", (const char*)argument); }

static void serve(tarn_region* connection, int number) {
  tarn_region* request = tarn_region_create(connection, NULL);
  char* path = tarn_region_format(request, "/%d.html", number);
  size_t* offsets = tarn_region_allocate_zeroed_array(request, 100, sizeof *offsets);
  if (path == NULL || offsets == NULL) {
    perror("serve");
  } else if (tarn_region_add_cleanup(request, say_goodbye, path, NULL) == 0) {
    expect(offsets[99] == 0, "zeroed");
  }
  tarn_region_destroy(request);
}

static void read_a_line(tarn_region* region) {
  char* prompt = tarn_region_copy_string(region, "> "); /* enters a chunk */
  tarn_room room = tarn_region_room(region);
  const size_t room_bytes = (size_t)(room.limit - room.first);
  const char* incoming = "GET / HTTP/1.1";
  if (strlen(incoming) < room_bytes) {
    strcpy(room.first, incoming);
    tarn_region_move_cursor(region, room.first + strlen(incoming) + 1);
    if (prompt != NULL) printf("%s%s\n", prompt, room.first);
  }
}

static void try_and_undo(tarn_region* region) {
  tarn_mark mark;
  tarn_cleanup cleanup;
  const int marked = tarn_region_mark(region, &mark);
  expect(marked == 0 && tarn_region_allocate(region, 100000) != NULL, "a mark");
  tarn_region_add_cleanup(region, say_goodbye, "nobody", &cleanup);
  expect(tarn_region_cancel_cleanup(region, &cleanup), "a cancelled cleanup does not run");
  tarn_region_rewind(region, &mark);

  errno = 0;
  expect(tarn_region_allocate_aligned(region, 100, 24) == NULL, "24 is no alignment");
  expect(errno == EINVAL, "errno says so");
}

int main(void) {
  struct account account = {0};
  tarn_source* source = tarn_source_create(acquire, release, &account);
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  tarn_region* connection = NULL;
  options.name = "connection";
  options.source = source;
  options.first_chunk_bytes = 4096;
  connection = tarn_region_create(NULL, &options);
  if (connection == NULL) return EXIT_FAILURE;

  for (int number = 1; number <= 3; ++number) serve(connection, number);
  read_a_line(connection);
  try_and_undo(connection);
  printf("%u bytes are held\n", (unsigned)account.out_bytes);

  tarn_region_create(connection, NULL); /* ends with its parent */
  tarn_region_destroy(connection);
  expect(tarn_source_destroy(source) == 0 && account.out_bytes == 0, "all is given back");
  return failure_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
