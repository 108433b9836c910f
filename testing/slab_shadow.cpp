#include "testing/slab_shadow.hpp"

namespace tarn {
namespace {

constexpr std::size_t slab_bytes = 8192;
constexpr std::size_t three_slot_slab_bytes = 2048;
static_assert(
    slab_shape(third_of_slab_bytes, fundamental_alignment, three_slot_slab_bytes, 3).capacity == 3);

}  // namespace

FixedPoolOptions small_fixed_pool_options(Checking checking) {
  return {.slab_bytes = slab_bytes, .checking = checking};
}

SlabCacheOptions small_slab_cache_options(Checking checking) {
  return {.slab_bytes = slab_bytes, .empty_bytes_max = slab_bytes, .checking = checking};
}

SlabsOptions three_slot_options(Checking checking) {
  return {.slab_bytes = three_slot_slab_bytes, .capacity_min = 3, .checking = checking};
}

Alphabet slab_alphabet() {
  using trace::Kind;
  Alphabet alphabet;
  alphabet.kinds = {Kind::create,     Kind::destroy,    Kind::allocate,   Kind::allocate,
                    Kind::allocate,   Kind::allocate,   Kind::allocate,   Kind::allocate,
                    Kind::deallocate, Kind::deallocate, Kind::deallocate, Kind::deallocate,
                    Kind::reset,      Kind::reallocate};
  constexpr std::uint64_t fitting = slab_shadow_block_bytes;
  alphabet.block_bytes = {0, 1, 8, 100, fitting - 1, fitting, fitting + 1, 4096};
  for (const unsigned less : {64u, 15u, 0u}) alphabet.block_bytes.push_back(UINT64_MAX - less);
  for (int often = 0; often < 20; ++often) alphabet.block_bytes.push_back(fitting);
  alphabet.alignment_shifts = {4, 4, 4, 4, 0, 3, 5};
  alphabet.limit_bytes = {trace::unlimited};
  alphabet.retain_bytes = {trace::unlimited, 0};
  alphabet.pools_max = 4;
  alphabet.blocks_max = 80;
  return alphabet;
}

}  // namespace tarn
