/* test/c/expect.h - what the C tests share: a count of failures, and a source that counts. */

#ifndef TARN_TEST_C_EXPECT_H
#define TARN_TEST_C_EXPECT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tarn/c/tarn.h"

static int failure_count = 0;

/* Goes on after a failure; main() returns the count. */
#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      ++failure_count;                                                        \
      printf("%s:%d: not as promised: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

/* `call` fails in the way `error`, and only then is errno written. */
#define EXPECT_ERROR(error, failed) \
  do {                              \
    errno = 0;                      \
    EXPECT(failed);                 \
    EXPECT(errno == (error));       \
    errno = 0;                      \
  } while (0)

/* Refuses request number `fail_index` and those after it, `fail_count` in all. */
typedef struct test_source {
  size_t acquire_count;
  size_t out_count;
  size_t out_bytes;
  size_t fail_index;
  size_t fail_count;
  size_t refused_count;
} test_source;

/* Writes errno whatever it answers: none of it may reach the caller. */
static void* test_acquire(void* context, size_t bytes, size_t alignment) {
  test_source* source = context;
  const size_t index = source->acquire_count++;
  void* memory = NULL;
  char* chunk = NULL;
  errno = ERANGE;
  if (index >= source->fail_index && index - source->fail_index < source->fail_count) {
    ++source->refused_count;
    return NULL;
  }
  if (bytes > ((size_t)1 << 30)) return NULL;
  memory = malloc(bytes + alignment + sizeof memory);
  if (memory == NULL) return NULL;
  chunk = (char*)memory + sizeof memory + alignment - 1;
  chunk -= (uintptr_t)chunk % alignment;
  ((void**)(void*)chunk)[-1] = memory;
  memset(chunk, 0xA5, bytes); /* who takes it for zeroed is found out */
  ++source->out_count;
  source->out_bytes += bytes;
  return chunk;
}

static void test_release(void* context, void* chunk, size_t bytes, size_t alignment) {
  test_source* source = context;
  EXPECT((uintptr_t)chunk % alignment == 0);
  EXPECT(source->out_count != 0 && source->out_bytes >= bytes);
  --source->out_count;
  source->out_bytes -= bytes;
  errno = ERANGE;
  free(((void**)chunk)[-1]);
}

static tarn_region_stats stats_of(const tarn_region* region) {
  tarn_region_stats stats = TARN_REGION_STATS_INIT;
  EXPECT(tarn_region_get_stats(region, &stats) == 0);
  return stats;
}

static void count_up(void* argument) { ++*(int*)argument; }

#endif
