// tool/scope_statistics.hpp - what the marked scopes of a program allocate, and what outlives them.
//
//     thread 1   begin "request"   block   begin "parse"   block   end   block   end
//                                  request                 parse         request
//
// A block belongs to the scope that its thread began last and that has not ended. One that is in
// use when its scope ends outlives it: no region of that life can hold it.
//
// Memory: of the scopes that are open, and of each name.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc; begin() and end() return false for what contradicts the operations
//             before, and change nothing.

#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "tarn/trace/operation.hpp"

namespace tarn::tool {

/// All scopes of one name.
struct ScopeCounts {
  std::uint64_t begun_count = 0;
  std::uint64_t ended_count = 0;
  std::uint64_t ended_ns = 0;  // how long those took that have ended, together
  std::uint64_t allocated_count = 0;
  std::uint64_t allocated_bytes = 0;  // a reallocation counts what it adds
  std::uint64_t outliving_count = 0;
  std::uint64_t outliving_bytes = 0;
};

class ScopeStatistics {
 public:
  [[nodiscard]] bool begin(const trace::Operation& operation);
  [[nodiscard]] bool end(const trace::Operation& operation);

  /// Returns what the scope of a block that the thread allocates is called here; 0: it has none.
  [[nodiscard]] std::uint64_t begin_block(std::uint32_t thread, std::uint64_t bytes);
  void resize_block(std::uint64_t scope, std::uint64_t bytes_before, std::uint64_t bytes);
  void end_block(std::uint64_t scope, std::uint64_t bytes);

  /// By the number of the name.
  [[nodiscard]] const std::map<std::uint64_t, ScopeCounts>& names() const noexcept {
    return names_;
  }

 private:
  struct OpenScope {
    std::uint64_t name = 0;
    std::uint64_t begun_ns = 0;
    std::uint64_t live_count = 0;
    std::uint64_t live_bytes = 0;
    std::uint32_t thread = 0;
  };

  // Numbers of scopes are used again; blocks remember what is not.
  std::uint64_t newest_ = 0;
  std::unordered_map<std::uint64_t, OpenScope> open_;
  std::unordered_map<std::uint32_t, std::uint64_t> open_by_number_;
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> open_by_thread_;
  std::map<std::uint64_t, ScopeCounts> names_;
};

}  // namespace tarn::tool
