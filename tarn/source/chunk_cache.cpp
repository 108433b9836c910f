#include "tarn/source/chunk_cache.hpp"

#include <utility>

#include "tarn/os/sanitizer.hpp"

namespace tarn {
namespace {

// Reading the coarse clock costs about as much as a release; once in 64 it can not be felt.
constexpr std::uint32_t releases_per_clock_reading = 64;
constexpr std::uint32_t releases_per_new_front = 16;

bool cacheable(std::size_t bytes, std::size_t alignment) noexcept {
  return bytes <= chunk_class_bytes_max && alignment <= ChunkCache::chunk_alignment;
}

// Of a chunk that was rounded up, the user may touch only what was asked for.
void expose(void* chunk, std::size_t bytes, std::size_t chunk_bytes) noexcept {
  unpoison(chunk, bytes);
  poison(static_cast<std::byte*>(chunk) + bytes, chunk_bytes - bytes);
}

}  // namespace

ChunkCache::ChunkCache(Source& upstream, const ChunkCacheOptions& options) noexcept
    : upstream_(upstream),
      is_watched_(memory_checker_present()),
      front_bytes_max_(is_watched_ ? 0 : chunk_class_bytes_max),
      room_bytes_(options.bytes_max),
      releases_until_clock_(releases_per_clock_reading),
      options_(options),
      decayed_ns_(options.clock_ns()) {}

void* ChunkCache::acquire_from(Source& upstream, std::size_t bytes,
                               std::size_t alignment) noexcept {
  if (!cacheable(bytes, alignment)) return upstream.acquire(bytes, alignment);
  const ChunkClass size = chunk_class_of(bytes);
  void* chunk = upstream.acquire(size.bytes, chunk_alignment);
  if (chunk != nullptr) expose(chunk, bytes, size.bytes);
  return chunk;
}

void ChunkCache::release_to(Source& upstream, void* chunk, std::size_t bytes,
                            std::size_t alignment) noexcept {
  if (!cacheable(bytes, alignment)) return upstream.release(chunk, bytes, alignment);
  const ChunkClass size = chunk_class_of(bytes);
  unpoison(chunk, size.bytes);
  upstream.release(chunk, size.bytes, chunk_alignment);
}

void* ChunkCache::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  return take(bytes, alignment);
}

void ChunkCache::do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  give(chunk, bytes, alignment);
}

std::size_t ChunkCache::do_discard(void* begin, std::size_t bytes) noexcept {
  return upstream_.discard(begin, bytes);
}

inline void* ChunkCache::pop(ChunkClass size) noexcept {
  Bin& bin = bins_[size.index];
  Link* const chunk = bin.top;
  if (chunk == nullptr) return nullptr;
  bin.top = chunk->next;
  bin.count -= 1;
  if (bin.count < bin.low_water) bin.low_water = bin.count;
  room_bytes_ += size.bytes;
  hit_count_ += 1;
  return chunk;
}

inline void ChunkCache::push(ChunkClass size, void* chunk) noexcept {
  Bin& bin = bins_[size.index];
  bin.top = new (chunk) Link{bin.top};
  bin.count += 1;
  room_bytes_ -= size.bytes;
}

void* ChunkCache::take_further(std::size_t bytes, std::size_t alignment) noexcept {
  if (cacheable(bytes, alignment) && !is_watched_) [[likely]] {
    if (void* const chunk = pop(chunk_class_of(bytes))) return chunk;
  }
  return take_rarely(bytes, alignment);
}

void* ChunkCache::take_rarely(std::size_t bytes, std::size_t alignment) noexcept {
  if (cacheable(bytes, alignment)) {
    const ChunkClass size = chunk_class_of(bytes);
    if (size.bytes == front_class_bytes()) return take_front();
    if (bins_[size.index].count != 0) reveal(bins_[size.index].top, sizeof(Link));
    if (void* const chunk = pop(size)) {
      expose(chunk, bytes, size.bytes);
      return chunk;
    }
    miss_count_ += 1;
  }
  void* const chunk = acquire_from(upstream_, bytes, alignment);
  if (chunk != nullptr || stats().cached_count == 0) return chunk;
  // What is cached may be all that the upstream lacks.
  drain();
  return acquire_from(upstream_, bytes, alignment);
}

void ChunkCache::give_further(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  if (!cacheable(bytes, alignment)) return upstream_.release(chunk, bytes, alignment);
  // Of one size the newest stays in front. Sizes that come in turn would drive each other out; one
  // that nobody asks for any more makes place soon.
  if (bytes == front_bytes_) {
    std::swap(chunk, front_);
  } else if (releases_until_clock_ % releases_per_new_front == 0) {
    put_front_in_bin();
  }
  const ChunkClass size = chunk_class_of(bytes);
  if (size.bytes + surely_in_class(front_bytes_) <= room_bytes_ && releases_until_clock_ > 1 &&
      !is_watched_) [[likely]] {
    releases_until_clock_ -= 1;
    return push(size, chunk);
  }
  give_rarely(chunk, size);
}

void ChunkCache::give_rarely(void* chunk, ChunkClass size) noexcept {
  if (size.bytes > room_bytes_ - front_class_bytes()) {
    release_to(upstream_, chunk, size.bytes, chunk_alignment);
  } else {
    unpoison(chunk, sizeof(Link));
    push(size, chunk);
    if (is_watched_) poison(chunk, size.bytes);
  }
  if (releases_until_clock_ == 0 || --releases_until_clock_ == 0) read_clock();
}

void ChunkCache::read_clock() noexcept {
  releases_until_clock_ = releases_per_clock_reading;
  if (options_.clock_ns() - decayed_ns_ >= options_.decay_interval_ns) decay();
}

std::size_t ChunkCache::front_class_bytes() const noexcept {
  return front_bytes_ != 0 ? chunk_class_of(front_bytes_).bytes : 0;
}

void ChunkCache::put_front_in_bin() noexcept {
  if (front_bytes_ == 0) return;
  push(chunk_class_of(front_bytes_), front_);
  front_bytes_ = 0;
}

void ChunkCache::decay() noexcept {
  decayed_ns_ = options_.clock_ns();
  put_front_in_bin();
  for (std::size_t index = 0; index < chunk_class_count; ++index) {
    return_coldest(index, bins_[index].low_water);
    bins_[index].low_water = bins_[index].count;
  }
}

void ChunkCache::drain() noexcept {
  put_front_in_bin();
  for (std::size_t index = 0; index < chunk_class_count; ++index) {
    return_coldest(index, bins_[index].count);
    bins_[index].low_water = 0;
  }
}

void ChunkCache::limit(std::size_t bytes_max) noexcept {
  drain();
  options_.bytes_max = room_bytes_ = bytes_max;
}

// Cuts the list of a bin behind the chunks that stay, and gives the rest of it back.
void ChunkCache::return_coldest(std::size_t index, std::uint32_t count) noexcept {
  if (count == 0) return;
  Bin& bin = bins_[index];
  if (is_watched_) expose_links(bin);
  bin.count -= count;
  Link** cut = &bin.top;
  for (std::uint32_t kept = 0; kept < bin.count; ++kept) cut = &(*cut)->next;
  Link* coldest = *cut;
  *cut = nullptr;
  const std::size_t chunk_bytes = chunk_class_bytes(index);
  room_bytes_ += count * chunk_bytes;
  while (coldest != nullptr) {
    Link* chunk = coldest;
    coldest = coldest->next;
    release_to(upstream_, chunk, chunk_bytes, chunk_alignment);
  }
  if (is_watched_) hide_links(bin);
}

// A memory checker lets nobody read the links, not even the cache.
void ChunkCache::expose_links(const Bin& bin) noexcept {
  Link* link = bin.top;
  for (std::uint32_t left = bin.count; left != 0; --left) {
    reveal(link, sizeof(Link));
    link = link->next;
  }
}

void ChunkCache::hide_links(const Bin& bin) noexcept {
  Link* link = bin.top;
  for (std::uint32_t left = bin.count; left != 0; --left) {
    Link* const next = link->next;
    poison(link, sizeof(Link));
    link = next;
  }
}

ChunkCacheStats ChunkCache::stats() const noexcept {
  ChunkCacheStats result;
  result.cached_bytes = options_.bytes_max - room_bytes_;
  for (const Bin& bin : bins_) result.cached_count += bin.count;
  result.cached_bytes += front_class_bytes();
  result.cached_count += front_bytes_ != 0 ? 1 : 0;
  result.hit_count = hit_count_;
  result.miss_count = miss_count_;
  return result;
}

}  // namespace tarn
