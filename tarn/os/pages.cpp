#include "tarn/os/pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"

namespace tarn {
namespace {

// Linux spells a huge page's size as its logarithm above bit 26 of mmap's flags.
constexpr int huge_page_flags = MAP_HUGETLB | (21 << 26);
static_assert(huge_page_bytes == std::size_t{1} << 21);

void check_whole_pages(const char* function, const void* pages, std::size_t bytes) noexcept {
  const std::size_t page = page_bytes();
  TARN_CHECK(bytes != 0 && bytes % page == 0 && reinterpret_cast<std::uintptr_t>(pages) % page == 0,
             "%s: %zu bytes at %p are not whole pages; a page has %zu bytes", function, bytes,
             pages, page);
}

void* map(std::size_t bytes, int flags) noexcept {
  // Memory without access costs address space only; the kernel charges it at the commit.
  void* pages = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

// mmap aligns to `granule` by itself. More is a matter of luck, and frequent where mappings of one
// size lie beside each other: one call instead of three. Without it, this maps too much and cuts
// both ends off.
void* map_aligned(std::size_t bytes, std::size_t alignment, std::size_t granule,
                  int flags) noexcept {
  void* const lucky = map(bytes, flags);
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(lucky) % alignment == 0;
  if (lucky == nullptr || is_aligned || alignment <= granule) return lucky;
  release_pages(lucky, bytes);
  std::size_t span = 0;
  if (!add_checked(bytes, alignment - granule, span)) return nullptr;
  void* mapped = map(span, flags);
  if (mapped == nullptr) return nullptr;
  const auto start = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t aligned = align_up(start, alignment);
  const std::size_t front_bytes = aligned - start;
  const std::size_t back_bytes = span - front_bytes - bytes;
  if (front_bytes != 0) release_pages(mapped, front_bytes);
  if (back_bytes != 0) release_pages(reinterpret_cast<void*>(aligned + bytes), back_bytes);
  return reinterpret_cast<void*>(aligned);
}

ReservedPages reserve_transparent(std::size_t bytes, std::size_t alignment) noexcept {
  void* pages = map_aligned(bytes, std::max(alignment, huge_page_bytes), page_bytes(), 0);
  const bool advised = pages != nullptr && madvise(pages, bytes, MADV_HUGEPAGE) == 0;
  return {pages, advised ? PageMode::transparent_huge : PageMode::ordinary};
}

}  // namespace

std::size_t page_bytes() noexcept { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

ReservedPages reserve_pages(std::size_t bytes, std::size_t alignment, PageMode wanted) noexcept {
  check_whole_pages("reserve_pages", nullptr, bytes);
  TARN_CHECK(is_power_of_two(alignment), "reserve_pages: alignment %zu is not a power of two",
             alignment);
  if (wanted == PageMode::transparent_huge && bytes >= huge_page_bytes) {
    return reserve_transparent(bytes, alignment);
  }
  if (wanted == PageMode::explicit_huge && bytes % huge_page_bytes == 0) {
    void* pages = map_aligned(bytes, alignment, huge_page_bytes, huge_page_flags);
    if (pages != nullptr) return {pages, PageMode::explicit_huge};
  }
  return {map_aligned(bytes, alignment, page_bytes(), 0), PageMode::ordinary};
}

bool commit_pages(void* pages, std::size_t bytes) noexcept {
  check_whole_pages("commit_pages", pages, bytes);
  return mprotect(pages, bytes, PROT_READ | PROT_WRITE) == 0;
}

void refuse_huge_pages(void* pages, std::size_t bytes) noexcept {
  check_whole_pages("refuse_huge_pages", pages, bytes);
  // A kernel that does not know the advice has no such pages.
  static_cast<void>(madvise(pages, bytes, MADV_NOHUGEPAGE));
}

bool discard_pages(void* pages, std::size_t bytes) noexcept {
  check_whole_pages("discard_pages", pages, bytes);
  return madvise(pages, bytes, MADV_DONTNEED) == 0;
}

void decommit_pages(void* pages, std::size_t bytes) noexcept {
  check_whole_pages("decommit_pages", pages, bytes);
  const bool returned = discard_pages(pages, bytes);
  TARN_CHECK(returned,
             "decommit_pages: the system refuses %zu bytes at %p (errno %d); "
             "decommit only what reserve_pages() gave",
             bytes, pages, errno);
  // Only a guard against use before the next commit, so a refusal here does no harm.
  static_cast<void>(mprotect(pages, bytes, PROT_NONE));
}

void release_pages(void* pages, std::size_t bytes) noexcept {
  check_whole_pages("release_pages", pages, bytes);
  if (munmap(pages, bytes) == 0) return;
  // A hole in a mapping splits it in two, and a process may have only so many (vm.max_map_count).
  // At that limit the memory still goes back; only the addresses are lost.
  decommit_pages(pages, bytes);
}

void* map_pages_wiped_on_fork(std::size_t bytes) noexcept {
  check_whole_pages("map_pages_wiped_on_fork", nullptr, bytes);
  void* const pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  if (madvise(pages, bytes, MADV_WIPEONFORK) == 0) return pages;
  munmap(pages, bytes);
  return nullptr;
}

namespace {

struct ResidentPages {
  std::size_t all = 0;
  std::size_t shared = 0;
};

ResidentPages resident_pages() noexcept {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char text[128];
  const ssize_t text_bytes = read(file, text, sizeof text - 1);
  close(file);
  if (text_bytes <= 0) return {};
  text[text_bytes] = '\0';
  ResidentPages pages;
  if (std::sscanf(text, "%*s %zu %zu", &pages.all, &pages.shared) != 2) return {};
  return pages;
}

}  // namespace

std::size_t resident_bytes() noexcept { return resident_pages().all * page_bytes(); }

std::size_t private_bytes() noexcept {
  const ResidentPages pages = resident_pages();
  return (pages.all - pages.shared) * page_bytes();
}

}  // namespace tarn
