// tarn/trace_file/kind_columns.hpp - which columns of a section each kind of operation has.
//
// Read from the table of fields (operation_fields.hpp): a kind that is added there needs nothing
// here.
//
// Threads:    constants and pure functions.

#pragma once

#include "tarn/trace/operation.hpp"

namespace tarn::trace {

/// Besides kinds, times and stacks, which every kind has.
struct KindColumns {
  bool has_birth = false;
  bool has_age = false;
  bool has_bytes = false;
  bool has_shape = false;  // alignment, or as_one_chunk
  bool has_alignment = false;
  bool has_pool = false;
  bool has_other = false;
};

/// Requires: a kind below kind_count. O(1).
[[nodiscard]] const KindColumns& columns_of(Kind kind) noexcept;

/// The shift of the alignment that nearly all blocks have; shapes are stored as differing bits.
inline constexpr std::uint8_t usual_alignment_shift = 4;

}  // namespace tarn::trace
