/* test/ngx/in_c.c - nginx's pools from C, by their plain names; each is called once. */

#include <stdio.h>
#include <string.h>

#include "tarn/c/tarn_ngx_plain.h"

static int failure_count = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  ++failure_count;
  printf("not as promised: %s\n", what);
}

static void count(void* data) { ++*(int*)data; }

int main(void) {
  int cleanup_count = 0;
  ngx_pool_t* pool = create_pool(1024);
  ngx_pool_cleanup_t* cleanup = pool_cleanup_add(pool, 0);
  char* text = pnalloc(pool, 6);
  unsigned char* zeros = pcalloc(pool, 100);
  void* aligned = pmemalign(pool, 64, 64);
  void* large = palloc(pool, 5000);

  cleanup->handler = count;
  cleanup->data = &cleanup_count;
  memcpy(text, "Hello", 6);
  memset(large, 1, 5000);
  expect(zeros[0] == 0 && zeros[99] == 0, "pcalloc");
  expect((uintptr_t)aligned % 64 == 0, "pmemalign");
  expect(pfree(pool, large) == NGX_OK, "pfree of a large block");
  expect(pfree(pool, NULL) == NGX_DECLINED, "pfree of nothing");
  expect(strcmp(text, "Hello") == 0, "pnalloc");
  reset_pool(pool);
  expect(cleanup_count == 1, "reset_pool");
  expect(tarn_ngx_stats_of_pool(pool).cleanup_count == 0, "statistics");
  destroy_pool(pool);
  return failure_count;
}
