#include "testing/cache_shadow.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "testing/arena_shadow.hpp"

namespace tarn {
namespace {

using detail::Chunk;

constexpr std::size_t lengths[] = {16, 100, 496, 512, 2000, 4096, 8192, 16384};

ArenaOptions options_of(ArenaMode mode) {
  ArenaOptions options = small_arena_options(Checking::off);
  options.mode = mode;
  options.cached_bytes_max = 8192;
  return options;
}

}  // namespace

// ---- a shard and who uses it --------------------------------------------------------------------

CacheShadow::CacheShadow(Choices& choices, ArenaMode mode)
    : StepShadow(choices),
      options_(options_of(mode)),
      source_(heap_source()),
      commons_{detail::ChunkShape::of({options_.page_bytes, options_.chunk_bytes, 0, mode}),
               &source_, Checking::off} {}

unsigned CacheShadow::choose_class() {
  return rules().class_of(rules().room_for(lengths[choices_.choose(std::size(lengths))]));
}

void CacheShadow::deallocate_past_caches(void* block) {
  shard_.deallocate(Chunk::of(block, commons_.shape.span_bytes)->place_of(block));
}

void CacheShadow::begin_use(unsigned size_class, void* block) {
  if (block == nullptr) return expect(false, "a block was refused");
  expect(in_use_.emplace(block, size_class).second, "a block in use is handed out");
  const std::size_t room = Chunk::of(block, commons_.shape.span_bytes)->place_of(block).room;
  expect(room == rules().room_of(size_class), "a block is of another class");
}

std::pair<unsigned, void*> CacheShadow::choose_and_end_use() {
  if (in_use_.empty()) return {0, nullptr};
  const auto index = static_cast<std::ptrdiff_t>(choices_.choose(in_use_.size()));
  const auto chosen = std::next(in_use_.begin(), index);
  const std::pair<unsigned, void*> block(chosen->second, chosen->first);
  in_use_.erase(chosen);
  return block;
}

void CacheShadow::check_taken(std::size_t cached_bytes) {
  for (const auto& [block, size_class] : in_use_) cached_bytes += rules().room_of(size_class);
  expect(shard_.taken_bytes() == cached_bytes, "blocks are lost, or there are too many");
}

void CacheShadow::deallocate_all_in_use() {
  for (const auto& [block, size_class] : in_use_) deallocate_past_caches(block);
  in_use_.clear();
}

// ---- queues -------------------------------------------------------------------------------------

QueueCacheShadow::QueueCacheShadow(Choices& choices)
    : CacheShadow(choices, ArenaMode::netty_4_1),
      cache_(commons_.shape, options_, detail::first_home) {
  cache_.open(shard_);
}

QueueCacheShadow::~QueueCacheShadow() {
  cache_.close();
  deallocate_all_in_use();
}

bool QueueCacheShadow::step() {
  constexpr void (QueueCacheShadow::*steps[])() = {&QueueCacheShadow::take,
                                                   &QueueCacheShadow::take,
                                                   &QueueCacheShadow::take,
                                                   &QueueCacheShadow::put,
                                                   &QueueCacheShadow::put,
                                                   &QueueCacheShadow::put,
                                                   &QueueCacheShadow::give_back_unneeded,
                                                   &QueueCacheShadow::give_back_all,
                                                   &QueueCacheShadow::change_owner};
  (this->*steps[choices_.choose(std::size(steps))])();
  check();
  return is_right();
}

std::size_t QueueCacheShadow::capacity_of(unsigned size_class) const {
  const std::size_t room = rules().room_of(size_class);
  if (room < 512) return std::bit_ceil(options_.tiny_cache_count);
  if (room < options_.page_bytes) return std::bit_ceil(options_.small_cache_count);
  return room <= options_.cached_bytes_max ? std::bit_ceil(options_.normal_cache_count) : 0;
}

void QueueCacheShadow::take() {
  const unsigned size_class = choose_class();
  const std::size_t capacity = capacity_of(size_class);
  Queue& queue = queues_[size_class];
  void* const expected = queue.blocks.empty() ? nullptr : queue.blocks.front();
  bool is_home = false;
  void* block = cache_.take(size_class, is_home);
  expect(block == expected, "another block is taken");
  expect(is_home == (capacity != 0), "blocks have a home, or none, that should not");
  queue.is_begun = capacity != 0;
  if (expected != nullptr) {
    queue.blocks.pop_front();
    queue.taken_count += 1;
  }
  if (capacity != 0 && ++attempt_count_ == options_.cache_trim_interval) {
    attempt_count_ = 0;
    model_unneeded();
  }
  begin_use(size_class, block != nullptr ? block : allocate_past_caches(size_class));
}

void QueueCacheShadow::put() {
  const auto [size_class, block] = choose_and_end_use();
  if (block == nullptr) return;
  Queue& queue = queues_[size_class];
  const bool has_room = queue.is_begun && queue.blocks.size() < capacity_of(size_class);
  const bool is_kept = cache_.put(size_class, block);
  expect(is_kept == has_room, "a block is kept, or not, that should not");
  if (!is_kept) return deallocate_past_caches(block);
  queue.blocks.push_back(block);
}

// Of each class, what the queue can hold less what it gave.
void QueueCacheShadow::model_unneeded() {
  for (auto& [size_class, queue] : queues_) {
    const std::size_t capacity = capacity_of(size_class);
    const std::size_t unneeded_count = capacity - std::min(queue.taken_count, capacity);
    const std::size_t count = std::min(unneeded_count, queue.blocks.size());
    queue.blocks.erase(queue.blocks.begin(),
                       queue.blocks.begin() + static_cast<std::ptrdiff_t>(count));
    queue.taken_count = 0;
  }
}

void QueueCacheShadow::give_back_unneeded() {
  cache_.give_back_unneeded();
  model_unneeded();
}

void QueueCacheShadow::give_back_all() {
  cache_.give_back_all();
  for (auto& [size_class, queue] : queues_) queue.blocks.clear();
}

void QueueCacheShadow::change_owner() {
  cache_.close();
  expect(cache_.is_closed(), "a cache is open that was closed");
  cache_.open(shard_);
  for (auto& [size_class, queue] : queues_) {
    queue.blocks.clear();
    queue.taken_count = 0;
  }
  attempt_count_ = 0;
}

void QueueCacheShadow::check() {
  std::size_t cached_bytes = 0;
  for (const auto& [size_class, queue] : queues_) {
    expect(cache_.cached_count(size_class) == queue.blocks.size(), "a queue is miscounted");
    cached_bytes += queue.blocks.size() * rules().room_of(size_class);
  }
  check_taken(cached_bytes);
}

// ---- lists --------------------------------------------------------------------------------------

ListCacheShadow::ListCacheShadow(Choices& choices)
    : CacheShadow(choices, ArenaMode::standard),
      threads_{{{rules(), options_, depot_}, {}}, {{rules(), options_, depot_}, {}}} {
  for (Thread& thread : threads_) thread.cache.open(shard_);
}

ListCacheShadow::~ListCacheShadow() {
  for (Thread& thread : threads_) thread.cache.close();
  empty_depot();
  deallocate_all_in_use();
}

bool ListCacheShadow::step() {
  constexpr void (ListCacheShadow::*steps[])() = {
      &ListCacheShadow::take,         &ListCacheShadow::take,
      &ListCacheShadow::take,         &ListCacheShadow::put,
      &ListCacheShadow::put,          &ListCacheShadow::put,
      &ListCacheShadow::decay_depot,  &ListCacheShadow::give_back_unneeded,
      &ListCacheShadow::empty_depot,  &ListCacheShadow::give_back_all,
      &ListCacheShadow::change_owner, &ListCacheShadow::follow_falls,
      &ListCacheShadow::decay_shard};
  (this->*steps[choices_.choose(std::size(steps))])();
  check();
  return is_right();
}

void ListCacheShadow::take() {
  const unsigned size_class = choose_class();
  Thread& thread = choose_thread();
  if (!thread.cache.keeps(size_class)) {
    return begin_use(size_class, allocate_past_caches(size_class));
  }
  void* const block = thread.cache.take(size_class);
  std::vector<void*>& newest = thread.newest[size_class];
  if (!newest.empty()) {
    expect(block == newest.back(), "the block that was put last does not come first");
    newest.pop_back();
  }
  begin_use(size_class, block);
}

void ListCacheShadow::put() {
  const auto [size_class, block] = choose_and_end_use();
  if (block == nullptr) return;
  Thread& thread = choose_thread();
  if (!thread.cache.keeps(size_class)) return deallocate_past_caches(block);
  thread.cache.put(size_class, block);
  thread.newest[size_class].push_back(block);
}

void ListCacheShadow::give_back_unneeded() { choose_thread().cache.give_back_unneeded(); }

void ListCacheShadow::give_back_all() { choose_thread().cache.give_back_all(); }

void ListCacheShadow::change_owner() {
  Thread& thread = choose_thread();
  thread.cache.close();
  expect(thread.cache.is_closed(), "a cache is open that was closed");
  thread.cache.open(shard_);
}

void ListCacheShadow::decay_depot() {
  depot_.decay([this](std::span<void*> blocks) { shard_.deallocate_unneeded(blocks); });
}

void ListCacheShadow::empty_depot() {
  depot_.empty([this](std::span<void*> blocks) { shard_.deallocate_unneeded(blocks); });
}

// Those that go back, because their pages leave, may be the newest.
void ListCacheShadow::follow_falls() {
  Thread& thread = choose_thread();
  thread.cache.follow_falls();
  thread.newest.clear();
}

void ListCacheShadow::decay_shard() { static_cast<void>(shard_.decay()); }

// What the list has lost of what was put into it is the oldest.
void ListCacheShadow::check() {
  std::size_t cached_bytes = 0;
  for (unsigned size_class = 0; size_class < detail::listed_class_count; ++size_class) {
    std::size_t count = depot_.block_count(size_class);
    for (Thread& thread : threads_) {
      const std::size_t listed_count = thread.cache.cached_count(size_class);
      std::vector<void*>& newest = thread.newest[size_class];
      if (newest.size() > listed_count) {
        newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(listed_count));
      }
      expect(listed_count <= std::max(options_.tiny_cache_count, 2u), "a list is too long");
      count += listed_count;
    }
    cached_bytes += count * rules().room_of(size_class);
  }
  check_taken(cached_bytes);
}

}  // namespace tarn
