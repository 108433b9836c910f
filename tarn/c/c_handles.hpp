// tarn/c/c_handles.hpp - what the opaque types of tarn.h are, and how its conventions are kept.
//
//     +-------------+------------------------------+
//     | tarn_region | the region's first chunk     |     one chunk of `home`, or a caller's buffer
//     +-------------+------------------------------+
//
// Threads:    as a Region; as the Source.
// Failure:    told by errno, and by what refuse() returns.
// Lifetime:   a handle ends with its region, also when that is ended by its parent.

#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tarn/base/attributes.hpp"
#include "tarn/c/tarn.h"
#include "tarn/region/region.hpp"
#include "tarn/source/source.hpp"

struct alignas(tarn::fundamental_alignment) tarn_region final : tarn::Region {
  tarn_region(void* chunk, std::size_t chunk_bytes, const tarn::RegionOptions& options) noexcept
      : Region(chunk, chunk_bytes, options) {}

  tarn_region_options created_with;
  tarn::Source* home;  // nullptr: a caller's buffer
  std::size_t home_bytes;
  std::uint64_t reset_count = 0;  // marks and cleanups of an earlier one have ended
};

struct tarn_source {
  [[nodiscard]] virtual tarn::Source& source() noexcept = 0;

  /// Returns false for a source that does not count.
  [[nodiscard]] virtual bool fill_in(tarn_source_stats& stats) const noexcept = 0;

  /// Returns false for a source that can not end now.
  [[nodiscard]] virtual bool end() noexcept = 0;

 protected:
  ~tarn_source() = default;
};

namespace tarn::c {

/// Keeps errno as it was, whatever sources and cleanups do to it, until it goes out of scope.
class KeptErrno {
 public:
  KeptErrno() noexcept : kept_(errno) {}
  ~KeptErrno() { errno = kept_; }
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;

  void become(int error) noexcept { kept_ = error; }

 private:
  int kept_;
};

/// Says `error`, and returns what a function fails with.
TARN_COLD inline std::nullptr_t refuse(int error) noexcept {
  errno = error;
  return nullptr;
}
TARN_COLD inline int fail(int error) noexcept {
  errno = error;
  return -1;
}
TARN_COLD inline bool invalid() noexcept {
  errno = EINVAL;
  return false;
}

/// Copies what the caller's structure has into `known`, where the rest stays. Returns false if it
/// has no size, or more than is known here that is not 0.
template <typename Struct>
[[nodiscard]] bool read_struct(const Struct& theirs, Struct& known) noexcept {
  const std::size_t bytes = theirs.struct_bytes;
  if (bytes < sizeof theirs.struct_bytes) return false;
  const auto* const raw = reinterpret_cast<const unsigned char*>(&theirs);
  for (std::size_t i = sizeof known; i < bytes; ++i) {
    if (raw[i] != 0) return false;
  }
  std::memcpy(&known, raw, bytes < sizeof known ? bytes : sizeof known);
  return true;
}

/// Copies what the caller's structure has room for, and sets to 0 what is not known here. Returns
/// false if it has no size.
template <typename Struct>
[[nodiscard]] bool write_struct(Struct known, Struct& theirs) noexcept {
  const std::size_t bytes = theirs.struct_bytes;
  if (bytes < sizeof theirs.struct_bytes) return false;
  known.struct_bytes = bytes;
  auto* const raw = reinterpret_cast<unsigned char*>(&theirs);
  if (bytes > sizeof known) std::memset(raw + sizeof known, 0, bytes - sizeof known);
  std::memcpy(raw, &known, bytes < sizeof known ? bytes : sizeof known);
  return true;
}

}  // namespace tarn::c
