#include "testing/operation_program.hpp"

#include <algorithm>
#include <iterator>

namespace tarn {

using trace::Kind;

Alphabet Alphabet::full() {
  Alphabet alphabet;
  alphabet.kinds = {Kind::create,
                    Kind::destroy,
                    Kind::reset,
                    Kind::mark,
                    Kind::mark,
                    Kind::rewind,
                    Kind::adopt,
                    Kind::allocate,
                    Kind::allocate,
                    Kind::allocate,
                    Kind::allocate,
                    Kind::allocate,
                    Kind::allocate_zeroed,
                    Kind::extend,
                    Kind::extend,
                    Kind::shrink,
                    Kind::shrink,
                    Kind::reallocate,
                    Kind::deallocate,
                    Kind::deallocate,
                    Kind::add_cleanup,
                    Kind::add_cleanup,
                    Kind::cancel_cleanup,
                    Kind::run_cleanup};
  alphabet.block_bytes = {0,   1,   2,   7,   8,    15,   16,   17,   24,  31,  32,
                          33,  48,  63,  64,  65,   100,  127,  128,  200, 240, 255,
                          256, 257, 400, 512, 1000, 1024, 2000, 4096, 9000};
  // Sizes that no source has, and sums that wrap.
  alphabet.block_bytes.push_back(std::uint64_t{1} << 62);
  for (const unsigned less : {64u, 15u, 0u}) alphabet.block_bytes.push_back(UINT64_MAX - less);
  alphabet.alignment_shifts = {4, 4, 4, 0, 1, 2, 3, 5, 6, 8, 12};
  alphabet.limit_bytes = {
      trace::unlimited, trace::unlimited, trace::unlimited, 0, 300, 2048, 16384};
  alphabet.retain_bytes = {trace::unlimited, 0, 256, 1000, 4096};
  alphabet.pools_max = 8;
  alphabet.blocks_max = 64;
  return alphabet;
}

Alphabet Alphabet::small() {
  Alphabet alphabet;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Kind::run_cleanup); ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (kind != Kind::allocate_zeroed) alphabet.kinds.push_back(kind);
  }
  alphabet.block_bytes = {8, 100, 600};
  alphabet.alignment_shifts = {4};
  alphabet.limit_bytes = {trace::unlimited};
  alphabet.retain_bytes = {trace::unlimited, 512, 0};
  alphabet.pools_max = 3;
  alphabet.blocks_max = 64;
  return alphabet;
}

trace::Operation ProgramGenerator::next() {
  trace::Operation operation;
  operation.kind = choose_kind();
  fill(operation);
  for (const std::uint64_t block : ledger_.commit(operation).blocks) bytes_of_blocks_.erase(block);
  return operation;
}

bool ProgramGenerator::is_possible(Kind kind) const {
  switch (kind) {
    case Kind::create:
      return ledger_.pools().size() < alphabet_.pools_max;
    case Kind::destroy:
    case Kind::adopt:
      return ledger_.pools().size() > 1;
    case Kind::rewind:
      return !ledger_.marks().empty();
    case Kind::allocate:
    case Kind::allocate_zeroed:
      return bytes_of_blocks_.size() < alphabet_.blocks_max;
    case Kind::extend:
    case Kind::shrink:
    case Kind::reallocate:
    case Kind::deallocate:
      return !bytes_of_blocks_.empty();
    case Kind::cancel_cleanup:
    case Kind::run_cleanup:
      return !ledger_.cleanups().empty();
    default:
      return true;
  }
}

Kind ProgramGenerator::choose_kind() {
  possible_kinds_.clear();
  for (const Kind kind : alphabet_.kinds) {
    if (is_possible(kind)) possible_kinds_.push_back(kind);
  }
  return possible_kinds_[choices_.choose(possible_kinds_.size())];
}

void ProgramGenerator::fill(trace::Operation& operation) {
  switch (operation.kind) {
    case Kind::create:
      operation.other = choose_pool(true);
      operation.pool = ++id_count_;
      operation.bytes = choose_of(alphabet_.limit_bytes);
      return;
    case Kind::destroy:
      operation.pool = choose_pool(false);
      return;
    case Kind::reset:
      operation.pool = choose_pool(true);
      operation.bytes = choose_of(alphabet_.retain_bytes);
      operation.as_one_chunk = operation.bytes != 0 && choices_.choose(2) == 1;
      return;
    case Kind::mark:
    case Kind::add_cleanup:
      operation.pool = choose_pool(true);
      operation.other = ++id_count_;
      return;
    case Kind::rewind:
      operation.other = choose_id(ledger_.marks());
      return;
    case Kind::adopt:
      return fill_adoption(operation);
    case Kind::allocate:
    case Kind::allocate_zeroed:
      return fill_block(operation);
    case Kind::extend:
    case Kind::shrink:
    case Kind::reallocate:
      return fill_resized_block(operation);
    case Kind::deallocate:
      operation.block = choose_id(bytes_of_blocks_);
      return;
    default:  // cancel_cleanup, run_cleanup: no alphabet has what happens outside pools
      operation.other = choose_id(ledger_.cleanups());
  }
}

void ProgramGenerator::fill_block(trace::Operation& operation) {
  operation.pool = choose_pool(true);
  operation.block = ++id_count_;
  operation.bytes = choose_of(alphabet_.block_bytes);
  operation.alignment_shift =
      alphabet_.alignment_shifts[choices_.choose(alphabet_.alignment_shifts.size())];
  bytes_of_blocks_[operation.block] = operation.bytes;
}

void ProgramGenerator::fill_resized_block(trace::Operation& operation) {
  operation.block = choose_id(bytes_of_blocks_);
  std::uint64_t& bytes = bytes_of_blocks_.at(operation.block);
  if (operation.kind == Kind::extend) {
    constexpr std::uint64_t more_bytes[] = {20, 300};
    bytes += std::min(more_bytes[choices_.choose(2)], UINT64_MAX - bytes);
  } else if (operation.kind == Kind::reallocate) {
    bytes = choose_of(alphabet_.block_bytes);
  } else {
    bytes = bytes != 0 && choices_.choose(2) == 0 ? bytes / 2 : 0;
  }
  operation.bytes = bytes;
}

void ProgramGenerator::fill_adoption(trace::Operation& operation) {
  operation.other = choose_pool(false);
  std::vector<std::uint32_t> parents;
  for (const auto& [id, pool] : ledger_.pools()) {
    operation.pool = id;
    if (ledger_.check(operation)) parents.push_back(id);
  }
  operation.pool = parents[choices_.choose(parents.size())];
}

std::uint32_t ProgramGenerator::choose_pool(bool may_be_heap) {
  const auto& pools = ledger_.pools();
  const std::size_t count = may_be_heap ? pools.size() : pools.size() - 1;
  const auto offset = static_cast<std::ptrdiff_t>(choices_.choose_recent(count));
  return std::next(pools.rbegin(), offset)->first;
}

std::uint64_t ProgramGenerator::choose_of(const std::vector<std::uint64_t>& values) {
  return values[choices_.choose(values.size())];
}

template <typename Map>
typename Map::key_type ProgramGenerator::choose_id(const Map& map) {
  const auto offset = static_cast<std::ptrdiff_t>(choices_.choose_recent(map.size()));
  return std::next(map.rbegin(), offset)->first;
}

trace::Program program_of(Choices& choices, const Alphabet& alphabet) {
  ProgramGenerator generator(choices, alphabet);
  trace::Program program;
  while (choices.begin_step()) program.push_back(generator.next());
  return program;
}

trace::Program random_program(std::uint64_t seed, std::size_t count, const Alphabet& alphabet) {
  RandomChoices choices(seed, count);
  return program_of(choices, alphabet);
}

trace::Program decoded_program(std::span<const std::uint8_t> bytes, const Alphabet& alphabet) {
  ByteChoices choices(bytes);
  return program_of(choices, alphabet);
}

trace::Program valid_part(const trace::Program& program) {
  trace::Ledger ledger;
  trace::Program valid;
  for (const trace::Operation& operation : program) {
    if (!ledger.check(operation)) continue;
    ledger.commit(operation);
    valid.push_back(operation);
  }
  return valid;
}

}  // namespace tarn
