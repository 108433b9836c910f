// tarn/trace_file/output.hpp - where the bytes of a trace go: a file, or memory.
//
// Threads:    one at a time.
// Failure:    an Error that names the file and says what the system said; a full disk is one. A
//             MemoryOutput throws std::bad_alloc.
// Lifetime:   a FileOutput closes its file.

#pragma once

#include <string>

#include "tarn/base/result.hpp"
#include "tarn/trace_file/format.hpp"

namespace tarn::trace {

class Output {
 public:
  /// Writes all of `bytes`, or returns why not.
  virtual Result<void> write(ByteView bytes) = 0;

 protected:
  ~Output() = default;
};

class FileOutput final : public Output {
 public:
  /// Creates the file, or empties it. A failure is told by the first write().
  explicit FileOutput(std::string path);
  ~FileOutput();

  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  Result<void> write(ByteView bytes) override;

  /// Closes the file; some systems tell only now that there was no room.
  Result<void> close();

 private:
  [[nodiscard]] Error error_of(const char* doing) const;

  std::string path_;
  int descriptor_;
  int open_error_;
};

class MemoryOutput final : public Output {
 public:
  Result<void> write(ByteView bytes) override {
    content_.insert(content_.end(), bytes.begin(), bytes.end());
    return {};
  }

  [[nodiscard]] const Bytes& content() const noexcept { return content_; }

 private:
  Bytes content_;
};

}  // namespace tarn::trace
