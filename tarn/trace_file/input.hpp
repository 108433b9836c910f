// tarn/trace_file/input.hpp - where the bytes of a trace come from: a file, or memory.
//
// Threads:    one at a time.
// Failure:    an Error that names the file and says what the system said.
// Lifetime:   a FileInput closes its file; the bytes of a MemoryInput outlive it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tarn/base/result.hpp"
#include "tarn/trace_file/format.hpp"

namespace tarn::trace {

class Input {
 public:
  /// How long it is, or why nobody can tell.
  virtual Result<std::uint64_t> bytes() = 0;

  /// Fills `bytes` with what is at `offset`. Requires: all of it lies within bytes().
  virtual Result<void> read(std::uint64_t offset, std::span<std::uint8_t> bytes) = 0;

 protected:
  ~Input() = default;
};

class FileInput final : public Input {
 public:
  /// Opens the file. A failure is told by bytes().
  explicit FileInput(std::string path);
  ~FileInput();

  FileInput(const FileInput&) = delete;
  FileInput& operator=(const FileInput&) = delete;

  Result<std::uint64_t> bytes() override;
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> bytes) override;

 private:
  [[nodiscard]] Error error_of(const char* doing, int system_error) const;

  std::string path_;
  int descriptor_;
  int open_error_;
};

class MemoryInput final : public Input {
 public:
  explicit MemoryInput(ByteView content) noexcept : content_(content) {}

  Result<std::uint64_t> bytes() override { return content_.size(); }
  Result<void> read(std::uint64_t offset, std::span<std::uint8_t> bytes) override;

 private:
  ByteView content_;
};

}  // namespace tarn::trace
