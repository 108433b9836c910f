// tarn/os/checking.hpp - how closely a pool watches its user, decided while the program runs.
//
// Whatever is chosen, the fast paths that a user inlines stay the same code: a watching pool keeps
// them closed, so that every call takes the slow path, where it is looked at.
//
// Threads:    any.
// Failure:    a word in TARN_CHECKING that is none of its three stops the program.

#pragma once

namespace tarn {

enum class Checking : unsigned char {
  /// `guarded` under AddressSanitizer, under Valgrind and in a library built without NDEBUG,
  /// `off` otherwise. The environment variable TARN_CHECKING=off|guarded|passthrough overrides it.
  automatic,
  off,
  /// What is not handed out is poisoned; foreign pointers, second frees and, where a pool is one
  /// thread's, the wrong thread stop the program with a message.
  guarded,
  /// Every block is a chunk of its own, taken from the heap unless a source is given: a sanitizer
  /// then knows each block with the stacks that allocated and freed it.
  passthrough,
};

/// Returns what Checking::automatic means in this process: what TARN_CHECKING says, or else who
/// watches. Decided by the first call.
[[nodiscard]] Checking automatic_checking() noexcept;

}  // namespace tarn
