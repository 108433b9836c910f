// Allocates in many situations; before each time it asks the C library for its call stack, and
// prints it. The recording must have the same one.
//
//     stacks SITUATION      prints "bytes address address ..." for each of its allocations, the
//                           innermost call first

#include <dlfcn.h>
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "test/record/stacks_library.h"

namespace {

std::size_t next_bytes = 100'000;  // each allocation has a size of its own

// The call of malloc() is the last thing but one, so that the frame is there to be seen.
[[gnu::noinline]] void probe() {
  void* addresses[400];
  const int count = backtrace(addresses, 400);
  std::printf("%zu", next_bytes);
  for (int i = 0; i < count; ++i) std::printf(" %p", addresses[i]);
  std::printf("\n");
  void* volatile block = std::malloc(next_bytes++);
  std::free(block);
}

[[gnu::noinline]] void recurse(int depth) {
  if (depth == 0) {
    probe();
    probe();
  } else {
    recurse(depth - 1);
  }
  asm volatile("" ::: "memory");
}

// Its frame's end is read from the stack, which it aligns.
[[gnu::noinline]] void aligned(int depth) {
  alignas(64) volatile char buffer[128];
  buffer[depth] = 1;
  if (buffer[depth] == 0) return;
  volatile std::size_t bytes = 16 * static_cast<std::size_t>(depth);
  volatile char* const more = static_cast<volatile char*>(__builtin_alloca(bytes));
  more[0] = 1;
  recurse(depth);
  asm volatile("" ::: "memory");
}

void (*volatile callee)() = probe;

// Whoever is called from here has his stack begin at `target`, however deep this is: only rbp tells
// where this was called from. What deeper calls have left on the stack lies there as it was.
[[gnu::noinline]] void call_at(std::uintptr_t target, int) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_alloca(16));
  volatile char* const room = static_cast<volatile char*>(__builtin_alloca(here - target));
  room[0] = 1;
  callee();
  asm volatile("" ::: "memory");
}

[[gnu::noinline]] void call_at_from(std::uintptr_t target, int depth) {
  void (*volatile const next)(std::uintptr_t, int) = depth == 0 ? call_at : call_at_from;
  next(target, depth - 1);
  asm volatile("" ::: "memory");
}

void call_at_one_place() {
  char here = 0;
  const auto target = reinterpret_cast<std::uintptr_t>(&here) - 4096;
  for (const int depth : {1, 5, 2, 3, 1}) call_at_from(target, depth);
}

}  // namespace

extern "C" {

void probe_for_assembly();
void save_pointer_half_a_mebibyte_down();
void save_pointer_far_down();
void save_pointer_first();

void probe_for_assembly() {
  probe();
  asm volatile("" ::: "memory");
}

}  // extern "C"

// The first two have frames of 128 bytes, and save their caller's rbp in different places; the
// third so far from its return address that NotedCall has no number for it.
asm(R"(
  .text
  .type save_pointer_first, @function
save_pointer_first:
  .cfi_startproc
  push %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset 6, -16
  mov %rsp, %rbp
  .cfi_def_cfa_register 6
  sub $112, %rsp
  call probe_for_assembly
  leave
  .cfi_def_cfa 7, 8
  ret
  .cfi_endproc
  .size save_pointer_first, .-save_pointer_first
  .type save_pointer_far_down, @function
save_pointer_far_down:
  .cfi_startproc
  sub $40, %rsp
  .cfi_def_cfa_offset 48
  push %rbp
  .cfi_def_cfa_offset 56
  .cfi_offset 6, -56
  xor %ebp, %ebp
  sub $72, %rsp
  .cfi_def_cfa_offset 128
  call probe_for_assembly
  add $72, %rsp
  .cfi_def_cfa_offset 56
  pop %rbp
  .cfi_def_cfa_offset 48
  .cfi_restore 6
  add $40, %rsp
  .cfi_def_cfa_offset 8
  ret
  .cfi_endproc
  .size save_pointer_far_down, .-save_pointer_far_down
  .type save_pointer_half_a_mebibyte_down, @function
save_pointer_half_a_mebibyte_down:
  .cfi_startproc
  sub $524288, %rsp
  .cfi_def_cfa_offset 524296
  mov %rbp, (%rsp)
  mov %rsp, %rbp
  .cfi_def_cfa_register 6
  .cfi_escape 0x10, 6, 2, 0x76, 0  # rbp is saved where rbp points to
  sub $8, %rsp
  call probe_for_assembly
  mov (%rbp), %rbp
  add $524296, %rsp
  .cfi_def_cfa 7, 8
  .cfi_restore 6
  ret
  .cfi_endproc
  .size save_pointer_half_a_mebibyte_down, .-save_pointer_half_a_mebibyte_down
)");

namespace {

// What the first one has saved stays on the stack, and tells of the callers of the first time.
void call_three_at_one_place() {
  char here = 0;
  const auto target = (reinterpret_cast<std::uintptr_t>(&here) - 4096) & ~std::uintptr_t{63};
  struct Call {
    void (*callee)();
    int depth;
  };
  for (const Call call :
       {Call{save_pointer_far_down, 1}, Call{save_pointer_first, 1}, Call{save_pointer_first, 5},
        Call{save_pointer_first, 2}, Call{save_pointer_half_a_mebibyte_down, 1},
        Call{save_pointer_half_a_mebibyte_down, 5}, Call{save_pointer_half_a_mebibyte_down, 2}}) {
    callee = call.callee;
    call_at_from(target, call.depth);
  }
}

[[gnu::noinline]] void throw_from(int depth) {
  if (depth == 0) throw std::runtime_error("far");
  throw_from(depth - 1);
  asm volatile("" ::: "memory");
}

void throw_and_probe() {
  for (int depth = 1; depth < 30; depth += 3) {
    recurse(depth);
    try {
      throw_from(depth);
    } catch (const std::runtime_error&) {
      probe();
    }
    recurse(1);
  }
}

jmp_buf target;

bool may_jump = true;

[[gnu::noinline]] void jump_from(int depth) {
  if (depth == 0 && may_jump) longjmp(target, 1);
  if (depth > 0) jump_from(depth - 1);
  asm volatile("" ::: "memory");
}

void jump_and_probe() {
  static int depth;
  for (depth = 1; depth < 30; depth += 3) {
    if (setjmp(target) == 0) jump_from(depth);
    recurse(3);
  }
}

void handle_signal(int) { probe(); }

[[gnu::noinline]] void raise_from(int depth) {
  if (depth == 0) {
    raise(SIGUSR1);
    probe();
  } else {
    raise_from(depth - 1);
  }
  asm volatile("" ::: "memory");
}

void signal_and_probe() {
  signal(SIGUSR1, handle_signal);
  raise_from(5);
  raise_from(2);
}

ucontext_t main_context, other_context;

void other_stack() {
  for (int i = 0; i < 3; ++i) {
    recurse(4 + i);
    swapcontext(&other_context, &main_context);
  }
}

void switch_stacks() {
  static char stack[256 * 1024];
  getcontext(&other_context);
  other_context.uc_stack.ss_sp = stack;
  other_context.uc_stack.ss_size = sizeof stack;
  other_context.uc_link = &main_context;
  makecontext(&other_context, other_stack, 0);
  for (int i = 0; i < 3; ++i) {
    swapcontext(&main_context, &other_context);
    recurse(i);
  }
}

[[gnu::noinline]] void take_pages(int count) {
  volatile char page[4096];
  page[0] = 1;
  if (page[0] != 1) return;
  if (count == 0) {
    probe();
  } else {
    take_pages(count - 1);
  }
  asm volatile("" ::: "memory");
}

int pages_to_take;

// By its table nobody called it: its stack is known to the end.
void outermost() {
  asm volatile(".cfi_undefined rip");
  take_pages(pages_to_take);
  asm volatile("" ::: "memory");
}

void run_on(char* stack, std::size_t stack_bytes, int page_count) {
  pages_to_take = page_count;
  getcontext(&other_context);
  other_context.uc_stack.ss_sp = stack;
  other_context.uc_stack.ss_size = stack_bytes;
  other_context.uc_link = &main_context;
  makecontext(&other_context, outermost, 0);
  swapcontext(&main_context, &other_context);
}

// Stacks in what is left of one whose upper half, with its outermost calls, is gone.
void lose_stacks() {
  constexpr std::size_t half = 64 * 1024;
  constexpr int protection = PROT_READ | PROT_WRITE;
  for (int way = 0; way < 3; ++way) {
    char* const stack =
        static_cast<char*>(mmap(nullptr, 2 * half, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    run_on(stack, 2 * half, 20);
    if (way == 0) munmap(stack + half, half);
    if (way == 1 && mremap(stack, 2 * half, half, 0) != stack) std::abort();
    if (way == 2) mprotect(stack + half, half, PROT_NONE);
    run_on(stack, half, 2);
  }
}

// Calls that look alike from inside, of different callers.
[[gnu::noinline]] void first_caller() {
  probe();
  asm volatile("" ::: "memory");
}
[[gnu::noinline]] void second_caller() {
  probe();
  asm volatile("" ::: "memory");
}

void call_from_both() {
  for (int i = 0; i < 5; ++i) {
    first_caller();
    second_caller();
  }
}

void load_library(const char* path) {
  for (int i = 0; i < 2; ++i) {
    void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) std::abort();
    const auto call =
        reinterpret_cast<decltype(&call_through_library)>(dlsym(library, "call_through_library"));
    call(probe);
    call(probe);
    dlclose(library);
    probe();
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return 2;
  void* warm_up[4];  // the first backtrace() loads its unwinder
  if (backtrace(warm_up, 4) == 0) return 3;
  const std::string_view situation(arguments[1]);
  if (situation == "recursion") {
    for (const int depth : {1, 5, 200, 30, 31, 30, 1}) recurse(depth);
  } else if (situation == "aligned") {
    for (const int depth : {1, 5, 100, 2}) aligned(depth);
  } else if (situation == "one_place") {
    call_at_one_place();
  } else if (situation == "three_callees") {
    call_three_at_one_place();
  } else if (situation == "exceptions") {
    throw_and_probe();
  } else if (situation == "longjmp") {
    jump_and_probe();
  } else if (situation == "signal") {
    signal_and_probe();
  } else if (situation == "contexts") {
    switch_stacks();
  } else if (situation == "lost_stacks") {
    lose_stacks();
  } else if (situation == "callers") {
    call_from_both();
  } else if (situation == "threads") {
    for (int i = 0; i < 3; ++i) std::thread([] { recurse(7); }).join();
  } else if (situation == "library") {
    load_library(arguments[2]);
  } else {
    return 2;
  }
  std::fflush(stdout);
  return 0;
}
