// Blocks and text from C.

#include <cstdio>
#include <string_view>

#include "tarn/base/bits.hpp"
#include "tarn/c/c_handles.hpp"
#include "tarn/region/text.hpp"

using tarn::c::fail;
using tarn::c::invalid;
using tarn::c::KeptErrno;
using tarn::c::refuse;

namespace {

TARN_SLOW void* take_block_slow(tarn_region& region, std::size_t bytes,
                                std::size_t alignment) noexcept {
  KeptErrno kept;
  void* const block = region.try_allocate(bytes, alignment);
  if (block == nullptr) kept.become(ENOMEM);
  return block;
}

// What is in the room already is taken without a call, and so without a care for errno.
TARN_HOT void* take_block(tarn_region* region, std::size_t bytes, std::size_t alignment) noexcept {
  if (region == nullptr || !tarn::is_power_of_two(alignment)) [[unlikely]]
    return refuse(EINVAL);
  if (void* const block = region->try_allocate_in_room(bytes, alignment)) [[likely]]
    return block;
  return take_block_slow(*region, bytes, alignment);
}

bool is_checking(const tarn_region& region) noexcept {
  const tarn::Checking wanted = region.options().checking;
  const bool is_left_open = wanted == tarn::Checking::automatic;
  return (is_left_open ? tarn::automatic_checking() : wanted) != tarn::Checking::off;
}

}  // namespace

void* tarn_region_allocate(tarn_region* region, std::size_t bytes) noexcept {
  return take_block(region, bytes, tarn::fundamental_alignment);
}

void* tarn_region_allocate_aligned(tarn_region* region, std::size_t bytes,
                                   std::size_t alignment) noexcept {
  return take_block(region, bytes, alignment);
}

char* tarn_region_allocate_characters(tarn_region* region, std::size_t bytes) noexcept {
  return static_cast<char*>(take_block(region, bytes, 1));
}

void* tarn_region_allocate_zeroed(tarn_region* region, std::size_t bytes) noexcept {
  return tarn_region_allocate_zeroed_aligned(region, bytes, tarn::fundamental_alignment);
}

void* tarn_region_allocate_zeroed_aligned(tarn_region* region, std::size_t bytes,
                                          std::size_t alignment) noexcept {
  void* const block = take_block(region, bytes, alignment);
  if (block != nullptr && bytes != 0) std::memset(block, 0, bytes);
  return block;
}

void* tarn_region_allocate_zeroed_array(tarn_region* region, std::size_t count,
                                        std::size_t element_bytes) noexcept {
  std::size_t bytes = 0;
  if (region == nullptr) return refuse(EINVAL);
  if (!tarn::multiply_checked(count, element_bytes, bytes)) return refuse(ENOMEM);
  return tarn_region_allocate_zeroed(region, bytes);
}

void* tarn_region_allocate_large(tarn_region* region, std::size_t bytes) noexcept {
  return tarn_region_allocate_large_aligned(region, bytes, tarn::fundamental_alignment);
}

void* tarn_region_allocate_large_aligned(tarn_region* region, std::size_t bytes,
                                         std::size_t alignment) noexcept {
  if (region == nullptr || !tarn::is_power_of_two(alignment)) return refuse(EINVAL);
  KeptErrno kept;
  void* const block = region->try_allocate_large(bytes, alignment);
  if (block == nullptr) kept.become(ENOMEM);
  return block;
}

bool tarn_region_try_extend(tarn_region* region, void* block, std::size_t bytes,
                            std::size_t new_bytes) noexcept {
  if (region == nullptr || block == nullptr || new_bytes < bytes) return invalid();
  return region->try_extend(block, bytes, new_bytes);
}

bool tarn_region_shrink(tarn_region* region, void* block, std::size_t bytes,
                        std::size_t new_bytes) noexcept {
  if (region == nullptr || block == nullptr || new_bytes > bytes) return invalid();
  return region->shrink(block, bytes, new_bytes);
}

bool tarn_region_deallocate(tarn_region* region, void* block, std::size_t bytes) noexcept {
  if (region == nullptr || block == nullptr) return invalid();
  const KeptErrno kept;
  return region->deallocate(block, bytes);
}

bool tarn_region_deallocate_large(tarn_region* region, void* block) noexcept {
  if (region == nullptr || block == nullptr) return invalid();
  const KeptErrno kept;
  return region->deallocate_large(block);
}

tarn_room tarn_region_room(const tarn_region* region) noexcept {
  if (region == nullptr) {
    errno = EINVAL;
    return {nullptr, nullptr};
  }
  const tarn::Region::Room room = region->room();
  return {reinterpret_cast<char*>(room.first), reinterpret_cast<char*>(room.limit)};
}

int tarn_region_move_cursor(tarn_region* region, char* cursor) noexcept {
  if (region == nullptr) return fail(EINVAL);
  const tarn_room room = tarn_region_room(region);
  const auto place = reinterpret_cast<std::uintptr_t>(cursor);
  const auto first = reinterpret_cast<std::uintptr_t>(room.first);
  const bool is_forward = first <= place && place <= reinterpret_cast<std::uintptr_t>(room.limit);
  const bool is_back =
      place < first && !is_checking(*region) && region->owns(cursor, first - place);
  if (!is_forward && !is_back) return fail(EINVAL);
  region->move_cursor(reinterpret_cast<std::byte*>(cursor));
  return 0;
}

char* tarn_region_copy_string(tarn_region* region, const char* string) noexcept {
  if (string == nullptr) return refuse(EINVAL);
  return tarn_region_copy_characters(region, string, std::strlen(string));
}

char* tarn_region_copy_characters(tarn_region* region, const char* characters,
                                  std::size_t bytes) noexcept {
  if (region == nullptr || (characters == nullptr && bytes != 0)) return refuse(EINVAL);
  if (bytes > PTRDIFF_MAX) return refuse(ENOMEM);
  KeptErrno kept;
  const std::string_view copy = tarn::try_copy(*region, {characters, bytes});
  if (copy.data() == nullptr) kept.become(ENOMEM);
  return const_cast<char*>(copy.data());
}

char* tarn_region_format(tarn_region* region, const char* format, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, format);
  char* const text = tarn_region_format_list(region, format, arguments);
  va_end(arguments);
  return text;
}

char* tarn_region_format_list(tarn_region* region, const char* format,
                              std::va_list arguments) noexcept {
  if (region == nullptr || format == nullptr) return refuse(EINVAL);
  KeptErrno kept;
  std::va_list again;
  va_copy(again, arguments);
  const std::string_view text = tarn::try_format_list(*region, format, arguments);
  if (text.data() == nullptr) {
    const bool can_be_printed = std::vsnprintf(nullptr, 0, format, again) >= 0;
    kept.become(can_be_printed ? ENOMEM : EINVAL);
  }
  va_end(again);
  return const_cast<char*>(text.data());
}
