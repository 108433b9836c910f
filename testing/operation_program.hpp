// testing/operation_program.hpp - programs of operations that make sense, out of choices.
//
// One generator draws the random programs of the property tests, enumerates the small worlds and
// decodes the fuzzers' bytes (see choices.hpp). Every program it makes is valid: each id names
// something that is alive.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tarn/trace/ledger.hpp"
#include "tarn/trace/operation.hpp"
#include "testing/choices.hpp"

namespace tarn {

/// What programs may be made of.
struct Alphabet {
  /// A kind that is listed twice comes twice as often.
  std::vector<trace::Kind> kinds;
  std::vector<std::uint64_t> block_bytes;
  std::vector<std::uint8_t> alignment_shifts;
  std::vector<std::uint64_t> limit_bytes;
  std::vector<std::uint64_t> retain_bytes;
  std::size_t pools_max = 1;  // the heap included
  std::size_t blocks_max = 0;

  /// Everything there is, sizes around the bounds of small chunks and of size_t included.
  [[nodiscard]] static Alphabet full();

  /// Three sizes and few variants, so that all programs of some operations can be run.
  [[nodiscard]] static Alphabet small();
};

class ProgramGenerator {
 public:
  ProgramGenerator(Choices& choices, const Alphabet& alphabet)
      : choices_(choices), alphabet_(alphabet) {}

  /// Returns the next operation of the program.
  [[nodiscard]] trace::Operation next();

 private:
  [[nodiscard]] bool is_possible(trace::Kind kind) const;
  [[nodiscard]] trace::Kind choose_kind();
  void fill(trace::Operation& operation);
  void fill_block(trace::Operation& operation);
  void fill_resized_block(trace::Operation& operation);
  void fill_adoption(trace::Operation& operation);
  [[nodiscard]] std::uint32_t choose_pool(bool may_be_heap);
  [[nodiscard]] std::uint64_t choose_of(const std::vector<std::uint64_t>& values);
  template <typename Map>
  [[nodiscard]] typename Map::key_type choose_id(const Map& map);

  Choices& choices_;
  const Alphabet& alphabet_;
  trace::Ledger ledger_;
  std::map<std::uint64_t, std::uint64_t> bytes_of_blocks_;  // as if nothing were refused
  std::vector<trace::Kind> possible_kinds_;
  std::uint32_t id_count_ = 0;
};

/// The program that `choices` mean, an operation for each of their steps.
[[nodiscard]] trace::Program program_of(Choices& choices, const Alphabet& alphabet);

/// A random program of `count` operations.
[[nodiscard]] trace::Program random_program(std::uint64_t seed, std::size_t count,
                                            const Alphabet& alphabet);

/// The program that `bytes` mean; any bytes mean one.
[[nodiscard]] trace::Program decoded_program(std::span<const std::uint8_t> bytes,
                                             const Alphabet& alphabet);

/// Calls `visit(program)` for every program of exactly `count` operations.
template <typename Visit>
void for_each_program(std::size_t count, const Alphabet& alphabet, Visit&& visit) {
  AllChoices choices(count);
  do visit(program_of(choices, alphabet));
  while (choices.next());
}

/// The operations of `program` that make sense, in order: the rest names what is not alive.
[[nodiscard]] trace::Program valid_part(const trace::Program& program);

}  // namespace tarn
