// tarn/trace_file/section_index.hpp - where the sections of a file are, and how that is stored.
//
//     section 1   section 2   section 3   index: kind, stored bytes, items, times of each; the
//     ^ 24        ^           ^                  offsets follow from the bytes
//
// Threads:    pure functions.
// Failure:    decode_index() returns false for bytes that are no index.

#pragma once

#include <cstdint>
#include <vector>

#include "tarn/trace_file/format.hpp"

namespace tarn::trace {

[[nodiscard]] Bytes encode_index(const std::vector<SectionPlace>& sections);

/// Makes `sections` what the index tells of `count` sections, which end at `end_offset`. Their
/// heads lack checksum and plain bytes: whoever reads a section reads its head.
[[nodiscard]] bool decode_index(ByteView plain, std::uint32_t count, std::uint64_t end_offset,
                                std::vector<SectionPlace>& sections);

}  // namespace tarn::trace
