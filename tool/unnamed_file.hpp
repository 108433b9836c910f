// tool/unnamed_file.hpp - a file that this process writes and reads again, and nobody else finds.
//
// It lies where there is room for large files (temporary_folder()), and goes however the process
// ends.
//
// Threads:    one at a time.
// Failure:    an Error that says where there is no room, and what to do; it stays.
// Lifetime:   who has opened its path may go on when it is gone.

#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "tarn/os/file.hpp"
#include "tarn/os/process.hpp"
#include "tarn/trace_file/output.hpp"

namespace tarn::tool {

class UnnamedFile final : public trace::Output {
 public:
  UnnamedFile() : descriptor_(create_unnamed_file(temporary_folder())) {
    if (descriptor_ < 0) status_ = error();
  }

  ~UnnamedFile() {
    if (descriptor_ >= 0) close_file(descriptor_);
  }

  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;

  Result<void> write(trace::ByteView bytes) override {
    const bool is_sound = bool{status_};
    if (is_sound && !write_file(descriptor_, bytes.data(), bytes.size())) status_ = error();
    return status_;
  }

  /// Whether all could be written until now.
  [[nodiscard]] const Result<void>& status() const noexcept { return status_; }

  /// Leads to the file as long as this lives.
  [[nodiscard]] std::string path() const { return path_of_descriptor(descriptor_).text; }

 private:
  static Error error() {
    return Error::make(ErrorCode::malformed,
                       "can not write to a file in %.100s: %s; let TMPDIR name a folder with room",
                       temporary_folder(), std::strerror(errno));
  }

  int descriptor_;
  Result<void> status_;
};

}  // namespace tarn::tool
