// Calls every function that makes, resizes or ends a block, and says which blocks it had.
//
//     family      for each block a line: kind in the trace, bytes, alignment as its logarithm

#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

// Of a C library of today, or of the recorder.
extern "C" [[gnu::weak]] void free_sized(void* block, std::size_t bytes);
extern "C" [[gnu::weak]] void free_aligned_sized(void* block, std::size_t alignment,
                                                 std::size_t bytes);

namespace {

constexpr unsigned alignment_shift = 6;
constexpr std::size_t alignment = std::size_t{1} << alignment_shift;
constexpr std::align_val_t aligned{alignment};
constexpr unsigned page_shift = 12;
constexpr const std::nothrow_t& nothrow = std::nothrow;

// A size that no other block has.
std::size_t bytes = 50'000;

template <typename Call>
void* begin(const char* kind, unsigned shift, const Call& call) {
  bytes += 1000;
  void* volatile block = call(bytes);
  std::printf("%s %zu %u\n", kind, bytes, shift);
  return block;
}

void* begin() {
  return begin("allocate", 0, [](std::size_t n) { return std::malloc(n); });
}

// A compiler may believe that a block is there which nobody looks at.
void expect_refused(void* block) {
  void* const volatile seen = block;
  if (seen != nullptr) std::abort();
}

void call_c() {
  std::free(begin());
  std::free(begin("allocate_zeroed", 0, [](std::size_t n) { return std::calloc(1, n); }));
  std::free(begin("allocate", 0, [](std::size_t n) { return std::realloc(nullptr, n); }));
  std::free(begin("allocate", 0, [](std::size_t n) { return reallocarray(nullptr, n, 1); }));
  std::free(begin("allocate", alignment_shift,
                  [](std::size_t n) { return std::aligned_alloc(alignment, n); }));
  std::free(begin("allocate", alignment_shift, [](std::size_t n) {
    void* block = nullptr;
    return posix_memalign(&block, alignment, n) == 0 ? block : nullptr;
  }));
  std::free(
      begin("allocate", alignment_shift, [](std::size_t n) { return memalign(alignment, n); }));
  std::free(begin("allocate", page_shift, [](std::size_t n) { return valloc(n); }));
  std::free(begin("allocate", page_shift, [](std::size_t n) { return pvalloc(n); }));
  if (free_sized != nullptr) free_sized(begin(), bytes);
  if (free_aligned_sized != nullptr) free_aligned_sized(begin(), alignment, bytes);
  void* block = begin();
  block = begin("reallocate", 0, [block](std::size_t n) { return std::realloc(block, n); });
  block = begin("reallocate", 0, [block](std::size_t n) { return reallocarray(block, n, 1); });
  block = std::realloc(block, 0);
  expect_refused(block);
}

void call_cpp() {
  const auto with_new = [](std::size_t n) { return ::operator new(n); };
  const auto with_array = [](std::size_t n) { return ::operator new[](n); };
  const auto with_alignment = [](std::size_t n) { return ::operator new(n, aligned); };
  const auto with_both = [](std::size_t n) { return ::operator new[](n, aligned); };
  ::operator delete(begin("allocate", 0, with_new));
  ::operator delete(begin("allocate", 0, with_new), bytes);
  ::operator delete[](begin("allocate", 0, with_array));
  ::operator delete[](begin("allocate", 0, with_array), bytes);
  ::operator delete(begin("allocate", alignment_shift, with_alignment), aligned);
  ::operator delete(begin("allocate", alignment_shift, with_alignment), bytes, aligned);
  ::operator delete[](begin("allocate", alignment_shift, with_both), aligned);
  ::operator delete[](begin("allocate", alignment_shift, with_both), bytes, aligned);
}

void call_cpp_without_throw() {
  ::operator delete(begin("allocate", 0, [](std::size_t n) { return ::operator new(n, nothrow); }),
                    nothrow);
  ::operator delete[](
      begin("allocate", 0, [](std::size_t n) { return ::operator new[](n, nothrow); }), nothrow);
  ::operator delete(begin("allocate", alignment_shift,
                          [](std::size_t n) { return ::operator new(n, aligned, nothrow); }),
                    aligned, nothrow);
  ::operator delete[](begin("allocate", alignment_shift,
                            [](std::size_t n) { return ::operator new[](n, aligned, nothrow); }),
                      aligned, nothrow);
}

// What is refused is no event; nor is the end of nothing.
void call_in_vain() {
  const volatile std::size_t too_many = SIZE_MAX / 2 + 1;
  expect_refused(std::malloc(too_many));
  expect_refused(std::calloc(too_many, 2));
  expect_refused(reallocarray(nullptr, too_many, 2));
  std::free(nullptr);
  ::operator delete(nullptr);
  void* volatile block = begin();
  expect_refused(std::realloc(block, too_many));
  std::free(block);
}

}  // namespace

int main() {
  call_c();
  call_cpp();
  call_cpp_without_throw();
  call_in_vain();
  return 0;
}
