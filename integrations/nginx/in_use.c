/* integrations/nginx/in_use.c - makes nginx tell how many bytes it has in use; for leak_test.py.
 *
 * Loaded by LD_PRELOAD. At the signal SIGRTMIN a worker, which must be idle, writes a number to
 * in_use.<process id>: what malloc has given and not got back, and what pools hold of tarn's slabs.
 * Unlike RSS it does not depend on how many requests have ever met, or on where free bytes lie.
 *
 * With LEAK=malloc or LEAK=pool it leaks one byte each time something is received, to show that
 * leak_test.py would see it: of malloc's memory, or of a pool that lives as long as the process.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tarn/c/tarn_ngx.h"

static void (*leak)(void);
static ngx_pool_t* (*create_pool)(size_t bytes, ngx_log_t* log);
static void* (*pnalloc)(ngx_pool_t* pool, size_t bytes);
static tarn_ngx_thread_stats (*stats_of_thread)(void);

static void leak_of_malloc(void) {
  static size_t left_bytes = 0;
  if (left_bytes == 0 && malloc(4096) != NULL) left_bytes = 4096;
  --left_bytes;
}

static void leak_of_pool(void) {
  static ngx_pool_t* pool = NULL;
  if (pool == NULL) pool = create_pool(512, NULL);
  pnalloc(pool, 1);
}

static void write_number(int signal_number) {
  char path[64];
  FILE* file;
  const struct mallinfo2 heap = mallinfo2();
  const size_t slot_bytes = stats_of_thread != NULL ? stats_of_thread().slot_bytes : 0;
  (void)signal_number;
  snprintf(path, sizeof path, "in_use.%d", getpid());
  file = fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%zu\n", heap.uordblks + heap.hblkhd + slot_bytes);
  fclose(file);
}

__attribute__((constructor)) static void begin(void) {
  const char* const kind = getenv("LEAK");
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = write_number;
  action.sa_flags = SA_RESTART;
  sigaction(SIGRTMIN, &action, NULL);
  *(void**)&create_pool = dlsym(RTLD_DEFAULT, "ngx_create_pool");
  *(void**)&pnalloc = dlsym(RTLD_DEFAULT, "ngx_pnalloc");
  *(void**)&stats_of_thread = dlsym(RTLD_DEFAULT, "tarn_ngx_stats_of_thread");
  if (kind != NULL && strcmp(kind, "malloc") == 0) leak = leak_of_malloc;
  if (kind != NULL && strcmp(kind, "pool") == 0) leak = leak_of_pool;
}

ssize_t recv(int connection, void* buffer, size_t bytes, int flags) {
  if (leak != NULL) leak();
  return recvfrom(connection, buffer, bytes, flags, NULL, NULL);
}
