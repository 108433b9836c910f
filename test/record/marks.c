/* A C program that marks its work, runs the same with and without a recorder, and says which:
 *
 *     marks [fork]        prints "recorded" or "unrecorded"
 */

#include "tarn/record/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST_COUNT 10
#define MARKED_BYTES 54321

/* Keeps the compiler from leaving the pair out. */
static void* volatile block;

static void allocate_in_scope(const char* name, int is_freed_within) {
  tarn_scope scope = tarn_scope_begin(name);
  block = malloc(MARKED_BYTES);
  if (is_freed_within) free(block);
  tarn_scope_end(scope);
  if (!is_freed_within) free(block);
}

/* The child ends a scope of its parent's, and one of its own that has the same number. */
static int fork_in_scope(void) {
  tarn_scope scope = tarn_scope_begin("parent");
  pid_t child = fork();
  if (child == 0) {
    tarn_scope own = tarn_scope_begin("child");
    tarn_scope_end(scope);
    block = malloc(MARKED_BYTES);
    tarn_scope_end(own);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  tarn_scope_end(scope);
  return 0;
}

int main(int argument_count, char** arguments) {
  char long_name[1000];
  int i;
  tarn_scope scope;
  if (argument_count > 1 && strcmp(arguments[1], "fork") == 0) return fork_in_scope();
  tarn_phase("serving");
  for (i = 0; i < REQUEST_COUNT; ++i) allocate_in_scope("request", i % 2);
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  scope = tarn_scope_begin(long_name);
  tarn_scope_end(scope);
  scope = tarn_scope_begin("");
  tarn_scope_end(scope);
  printf("%s\n", scope != 0 ? "recorded" : "unrecorded");
  return 0;
}
