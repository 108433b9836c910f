// examples/request_limit.cpp - how does a server bound what one request may cost?
//
// A request that wants more than its budget is refused in one place; the server goes on. Without a
// limit, whoever sends the request decides how much memory it takes.

#include <cstdio>
#include <new>
#include <string_view>

#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"

namespace {

enum class Status { ok = 200, too_large = 413 };

struct Line {
  std::string_view text;
  const Line* previous;
};

Status handle(tarn::Region& request, std::size_t line_count) {
  try {
    const Line* newest = nullptr;
    for (std::size_t i = 0; i < line_count; ++i) {
      newest = request.make<Line>(tarn::format(request, "line %zu", i), newest);
    }
    return Status::ok;
  } catch (const std::bad_alloc&) {
    return Status::too_large;
  }
}

}  // namespace

int main() {
  constexpr std::size_t budget_bytes = 256 * 1024;
  bool right = true;
  for (const std::size_t line_count : {100U, 1000000U, 100U}) {
    tarn::Region request({.name = "request", .reserved_bytes_max = budget_bytes});
    const Status status = handle(request, line_count);
    const tarn::RegionStats stats = request.stats();
    std::printf("%zu lines: status %d, %zu bytes reserved, %zu requests refused\n", line_count,
                static_cast<int>(status), stats.reserved_bytes, stats.refused_count);
    right = right && stats.reserved_bytes <= budget_bytes;
    right = right && (status == Status::too_large) == (line_count == 1000000);
    right = right && (stats.refused_count > 0) == (status == Status::too_large);
  }
  return right ? 0 : 1;
}
