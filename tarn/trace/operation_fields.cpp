#include "tarn/trace/operation_fields.hpp"

#include <algorithm>
#include <bit>

#include "tarn/base/bits.hpp"

namespace tarn::trace {
namespace {

constexpr std::uint64_t id_max = UINT32_MAX;
constexpr std::uint64_t alignment_max = std::uint64_t{1} << 63;

// In the order of Field.
constexpr std::array<FieldShape, field_count> field_shapes = {{
    {"thread", true, 0, id_max},
    {"time_ns", true, 0, UINT64_MAX},
    {"pool", true, heap_pool, id_max},
    {"parent", true, heap_pool, id_max},
    {"child", false, 0, id_max},
    {"block", false, 0, UINT64_MAX},
    {"mark", false, 0, id_max},
    {"cleanup", false, 0, id_max},
    {"bytes", false, 0, UINT64_MAX},
    {"limit", true, unlimited, UINT64_MAX},
    {"retain", true, unlimited, UINT64_MAX},
    {"as_one_chunk", true, 0, 1},
    {"alignment", true, fundamental_alignment, alignment_max},
    {"stack", true, 0, id_max},
    {"scope", false, 0, id_max},
    {"name", true, 0, id_max},
}};

constexpr Field create_fields[] = {Field::pool, Field::parent, Field::limit};
constexpr Field pool_fields[] = {Field::pool};
constexpr Field reset_fields[] = {Field::pool, Field::retain, Field::as_one_chunk};
constexpr Field mark_fields[] = {Field::pool, Field::mark};
constexpr Field rewind_fields[] = {Field::mark};
constexpr Field adopt_fields[] = {Field::pool, Field::child};
constexpr Field allocate_fields[] = {Field::pool, Field::block, Field::bytes, Field::alignment};
constexpr Field resize_fields[] = {Field::block, Field::bytes};
constexpr Field block_fields[] = {Field::block};
constexpr Field add_cleanup_fields[] = {Field::pool, Field::cleanup};
constexpr Field cleanup_fields[] = {Field::cleanup};
constexpr Field scope_begin_fields[] = {Field::scope, Field::name};
constexpr Field scope_fields[] = {Field::scope};
constexpr Field phase_fields[] = {Field::name};

// In the order of Kind.
constexpr std::array<KindShape, kind_count> kind_shapes = {{
    {"create", create_fields},
    {"destroy", pool_fields},
    {"reset", reset_fields},
    {"mark", mark_fields},
    {"rewind", rewind_fields},
    {"adopt", adopt_fields},
    {"allocate", allocate_fields},
    {"allocate_zeroed", allocate_fields},
    {"extend", resize_fields},
    {"shrink", resize_fields},
    {"deallocate", block_fields},
    {"add_cleanup", add_cleanup_fields},
    {"cancel_cleanup", cleanup_fields},
    {"run_cleanup", cleanup_fields},
    {"reallocate", resize_fields},
    {"thread_begin", {}},
    {"thread_end", {}},
    {"scope_begin", scope_begin_fields},
    {"scope_end", scope_fields},
    {"phase", phase_fields},
}};

void store(Operation& operation, Field field, std::uint64_t value) noexcept {
  switch (field) {
    case Field::thread:
      operation.thread = static_cast<std::uint32_t>(value);
      return;
    case Field::time_ns:
      operation.time_ns = value;
      return;
    case Field::pool:
      operation.pool = static_cast<std::uint32_t>(value);
      return;
    case Field::parent:
    case Field::child:
    case Field::mark:
    case Field::cleanup:
    case Field::scope:
      operation.other = static_cast<std::uint32_t>(value);
      return;
    case Field::block:
      operation.block = value;
      return;
    case Field::bytes:
    case Field::limit:
    case Field::retain:
    case Field::name:
      operation.bytes = value;
      return;
    case Field::as_one_chunk:
      operation.as_one_chunk = value != 0;
      return;
    case Field::alignment:
      operation.alignment_shift = static_cast<std::uint8_t>(std::countr_zero(value));
      return;
    case Field::stack:
      operation.stack = static_cast<std::uint32_t>(value);
      return;
  }
}

}  // namespace

const FieldShape& shape_of(Field field) noexcept {
  return field_shapes[static_cast<std::size_t>(field)];
}

const KindShape& shape_of(Kind kind) noexcept {
  return kind_shapes[static_cast<std::size_t>(kind)];
}

bool has_field(Kind kind, Field field) noexcept {
  if (field == Field::thread || field == Field::time_ns || field == Field::stack) return true;
  const std::span<const Field> fields = shape_of(kind).fields;
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

std::uint64_t field_value(const Operation& operation, Field field) noexcept {
  switch (field) {
    case Field::thread:
      return operation.thread;
    case Field::time_ns:
      return operation.time_ns;
    case Field::pool:
      return operation.pool;
    case Field::parent:
    case Field::child:
    case Field::mark:
    case Field::cleanup:
    case Field::scope:
      return operation.other;
    case Field::block:
      return operation.block;
    case Field::bytes:
    case Field::limit:
    case Field::retain:
    case Field::name:
      return operation.bytes;
    case Field::as_one_chunk:
      return operation.as_one_chunk ? 1 : 0;
    case Field::alignment:
      return operation.alignment();
    case Field::stack:
      return operation.stack;
  }
  return 0;
}

bool set_field(Operation& operation, Field field, std::uint64_t value) noexcept {
  if (value > shape_of(field).value_max) return false;
  if (field == Field::alignment && (value == 0 || !std::has_single_bit(value))) return false;
  store(operation, field, value);
  return true;
}

}  // namespace tarn::trace
