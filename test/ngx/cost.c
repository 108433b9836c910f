/* test/ngx/cost.c - does one thing many times, for cost_test.py to count its instructions.
 *
 *     cost fresh COUNT   COUNT blocks from a new pool
 *     cost again COUNT   COUNT blocks from a pool that was filled with as many and reset
 *     cost pfree COUNT   frees COUNT large blocks, oldest first: nginx finds them last
 */

#include <stdlib.h>
#include <string.h>

#include "tarn/c/tarn_ngx.h"

static void fill(ngx_pool_t* pool, size_t count) {
  for (size_t i = 0; i < count; ++i) ngx_palloc(pool, 8 + i * 37 % 249);
}

/* callgrind counts from here on: --toggle-collect=measured_* */
__attribute__((noinline)) void measured_fill(ngx_pool_t* pool, size_t count) { fill(pool, count); }

__attribute__((noinline)) void measured_pfree(ngx_pool_t* pool, void** blocks, size_t count) {
  for (size_t i = 0; i < count; ++i) ngx_pfree(pool, blocks[i]);
}

int main(int argument_count, char** arguments) {
  if (argument_count != 3) return 2;
  const size_t count = strtoul(arguments[2], NULL, 10);
  ngx_pool_t* pool = ngx_create_pool(4096, NULL);
  if (strcmp(arguments[1], "pfree") != 0) {
    if (strcmp(arguments[1], "again") == 0) {
      fill(pool, count);
      ngx_reset_pool(pool);
    }
    measured_fill(pool, count);
  } else {
    void** blocks = malloc(count * sizeof(void*));
    for (size_t i = 0; i < count; ++i) blocks[i] = ngx_palloc(pool, 5000);
    measured_pfree(pool, blocks, count);
    free(blocks);
  }
  ngx_destroy_pool(pool);
  return 0;
}
