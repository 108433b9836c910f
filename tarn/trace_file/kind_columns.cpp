#include "tarn/trace_file/kind_columns.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "tarn/trace/operation_fields.hpp"

namespace tarn::trace {
namespace {

KindColumns make_columns(Kind kind) noexcept {
  const auto has_any = [&](std::initializer_list<Field> fields) {
    return std::any_of(fields.begin(), fields.end(), [&](Field f) { return has_field(kind, f); });
  };
  const bool is_birth = kind == Kind::allocate || kind == Kind::allocate_zeroed;
  KindColumns columns;
  columns.has_birth = is_birth;
  columns.has_age = !is_birth && has_field(kind, Field::block);
  columns.has_bytes = has_any({Field::bytes, Field::limit, Field::retain, Field::name});
  columns.has_alignment = has_field(kind, Field::alignment);
  columns.has_shape = columns.has_alignment || has_field(kind, Field::as_one_chunk);
  columns.has_pool = has_field(kind, Field::pool);
  columns.has_other =
      has_any({Field::parent, Field::child, Field::mark, Field::cleanup, Field::scope});
  return columns;
}

const std::array<KindColumns, kind_count> table = []() noexcept {
  std::array<KindColumns, kind_count> columns;
  for (std::size_t i = 0; i < kind_count; ++i) columns[i] = make_columns(static_cast<Kind>(i));
  return columns;
}();

}  // namespace

const KindColumns& columns_of(Kind kind) noexcept { return table[static_cast<std::size_t>(kind)]; }

}  // namespace tarn::trace
