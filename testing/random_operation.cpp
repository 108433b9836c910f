#include "testing/random_operation.hpp"

#include "tarn/base/check.hpp"
#include "tarn/trace/operation_fields.hpp"

namespace tarn {

using trace::Field;
using trace::Operation;

trace::Operation random_operation(std::mt19937_64& random) {
  Operation operation;
  operation.kind = static_cast<trace::Kind>(random() % trace::kind_count);
  for (std::size_t i = 0; i < trace::field_count; ++i) {
    const Field field = static_cast<Field>(i);
    if (!has_field(operation.kind, field)) continue;
    const std::uint64_t value_max = shape_of(field).value_max;
    std::uint64_t value = random() >> (random() % 64);
    if (random() % 8 == 0) value = value_max;
    if (field == Field::alignment) value = std::uint64_t{1} << (value % 64);
    if (value > value_max) value %= value_max + 1;
    TARN_CHECK(set_field(operation, field, value), "%s can not be %llu", shape_of(field).word,
               static_cast<unsigned long long>(value));
  }
  return operation;
}

}  // namespace tarn
