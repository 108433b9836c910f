// tarn/trace/operation_fields.hpp - which fields each kind of operation has, as one table.
//
// Every form of an operation (text, the shape a generator draws) reads this table, so that a new
// kind is one row here and one word in the enumeration.
//
// Threads:    constants and pure functions.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tarn/trace/operation.hpp"

namespace tarn::trace {

enum class Field : std::uint8_t {
  thread,
  time_ns,
  pool,
  parent,
  child,
  block,
  mark,
  cleanup,
  bytes,
  limit,
  retain,
  as_one_chunk,
  alignment,
  stack,
  scope,
  name,
};

inline constexpr std::size_t field_count = 16;

struct FieldShape {
  const char* word;
  /// Without a default the field must be given.
  bool has_default;
  std::uint64_t default_value;
  std::uint64_t value_max;
};

struct KindShape {
  const char* word;
  /// Besides thread, time_ns and stack, which every kind has.
  std::span<const Field> fields;
};

[[nodiscard]] const FieldShape& shape_of(Field field) noexcept;
[[nodiscard]] const KindShape& shape_of(Kind kind) noexcept;

/// True if operations of this kind have the field.
[[nodiscard]] bool has_field(Kind kind, Field field) noexcept;

/// The value of a field: an alignment in bytes, a flag as 0 or 1.
[[nodiscard]] std::uint64_t field_value(const Operation& operation, Field field) noexcept;

/// Stores `value`; returns false, and stores nothing, if the field can not hold it.
[[nodiscard]] bool set_field(Operation& operation, Field field, std::uint64_t value) noexcept;

}  // namespace tarn::trace
