// testing/arena_shadow.hpp - arenas run a program while a model watches every step.
//
// To what pool_shadow.hpp watches come the bytes in use, the usage of chunks and their lists.
//
// Threads:    one at a time.
// Failure:    run_in_arena_shadow() returns what is wrong, or an empty string.

#pragma once

#include <string>

#include "tarn/arena/arena_options.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/operation_program.hpp"

namespace tarn {

/// Chunks of eight pages and short caches, so that all of it happens in a few operations.
[[nodiscard]] ArenaOptions small_arena_options(Checking checking);

/// Sizes around the bounds of classes, of pages, of such chunks and of size_t.
[[nodiscard]] Alphabet arena_alphabet();

/// With `source_may_fail`, memory may be refused at any time.
[[nodiscard]] std::string run_in_arena_shadow(const trace::Program& program,
                                              const ArenaOptions& options,
                                              Source& upstream = heap_source(),
                                              bool source_may_fail = false);

}  // namespace tarn
