#include "test/record/stacks_library.h"

extern "C" [[gnu::visibility("default")]] void call_through_library(void (*call)()) {
  call();
  asm volatile("" ::: "memory");
}
