/* The same with nginx's names. */

#include <stdio.h>

#include "tarn/c/tarn_ngx.h"

int main(void) {
  ngx_pool_t* pool = ngx_create_pool(1024, NULL);
  const int failed = ngx_pcalloc(pool, 100) == NULL || puts("libtarn_ngx.a is installed") < 0;
  ngx_destroy_pool(pool);
  return failed;
}
