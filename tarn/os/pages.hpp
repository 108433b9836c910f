// tarn/os/pages.hpp - address space and memory straight from the operating system.
//
//     reserve_pages   ->  addresses nobody else gets; no memory behind them yet
//     commit_pages    ->  readable and writable; memory arrives as pages are first touched
//     discard_pages   ->  the memory goes back, and arrives anew, all zero, as pages are touched
//     decommit_pages  ->  the memory goes back, the addresses stay reserved
//     release_pages   ->  both go back
//
// Huge pages come in two kinds. Transparent ones are a wish the kernel may grant at any later
// time. Explicit ones come out of a set the administrator put aside (vm.nr_hugepages); where that
// set is empty or too small, ordinary pages are given instead and the caller is told.
//
// Threads:    any.
// Failure:    a null address or false; nothing has changed then. A range that does not consist of
//             whole pages stops the program.
// Lifetime:   until release_pages(), or the end of the process.

#pragma once

#include <cstddef>

namespace tarn {

enum class PageMode : unsigned char { ordinary, transparent_huge, explicit_huge };

/// What huge pages are here, on x86-64 and on AArch64 with 4 KiB pages.
inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

struct ReservedPages {
  void* address;  // null if there are none
  PageMode mode;  // what was got, which may be less than what was wanted
};

/// Returns the bytes of an ordinary page, a power of two.
[[nodiscard]] std::size_t page_bytes() noexcept;

/// Returns `bytes` bytes of address space, aligned to the larger of `alignment` and a page.
/// Huge pages are given for at least one huge page (transparent) or a whole number of them
/// (explicit); for anything else, and when the system has none, the mode got is ordinary.
/// Requires: `bytes` > 0 and a multiple of page_bytes(), `alignment` a power of two.
[[nodiscard]] ReservedPages reserve_pages(std::size_t bytes, std::size_t alignment,
                                          PageMode wanted) noexcept;

/// Makes reserved pages usable, all zero the first time; returns false if the system refuses.
[[nodiscard]] bool commit_pages(void* pages, std::size_t bytes) noexcept;

/// Has the system never put huge pages there, which it otherwise may, also unasked, where
/// transparent ones are always given: for memory of which little is touched. A system call.
void refuse_huge_pages(void* pages, std::size_t bytes) noexcept;

/// Gives the memory of committed pages back and leaves them usable, all zero; returns false if the
/// system refuses, as it does for part of an explicit huge page. A system call.
[[nodiscard]] bool discard_pages(void* pages, std::size_t bytes) noexcept;

/// Gives the memory of committed pages back; touching them before the next commit is a fault.
void decommit_pages(void* pages, std::size_t bytes) noexcept;

/// Gives memory and addresses back. Any whole pages of a reservation may go by themselves, except
/// that explicit huge pages go as whole huge pages.
void release_pages(void* pages, std::size_t bytes) noexcept;

/// Returns `bytes` bytes of zeros, or null, which the child of any fork finds zero again, also of
/// one that the C library knows nothing about. Untouched pages cost address space only.
/// Requires: whole pages.
[[nodiscard]] void* map_pages_wiped_on_fork(std::size_t bytes) noexcept;

/// Returns the bytes of memory this process holds at the moment, by the kernel's books, or 0 if
/// they can not be read. Costs three system calls.
[[nodiscard]] std::size_t resident_bytes() noexcept;

/// As resident_bytes(), without memory that a file or another process has as well.
[[nodiscard]] std::size_t private_bytes() noexcept;

}  // namespace tarn
