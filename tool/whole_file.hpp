// tool/whole_file.hpp - a file that is written whole, or is what it was.
//
//     write() ---> NAME.part1 | finish() ---> NAME
//
// The number is one that no file has. A link, what is no file, such as a pipe or standard output,
// and a file in a folder that takes no other one are written to as they are.
//
// Threads:    one at a time, and one file at a time in a process.
// Failure:    as of FileOutput.
// Lifetime:   without finish() what has been written goes, also where Ctrl-C or SIGTERM stops the
//             program; SIGKILL leaves NAME.part1.

#pragma once

#include <string>

#include "tarn/base/result.hpp"
#include "tarn/trace_file/output.hpp"

namespace tarn::tool {

class WholeFile final : public trace::Output {
 public:
  explicit WholeFile(const std::string& path);
  ~WholeFile();

  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  Result<void> write(trace::ByteView bytes) override {
    Result<void> written = output_.write(bytes);
    if (!written) status_ = written;
    return written;
  }

  /// Whether all could be written until now.
  [[nodiscard]] const Result<void>& status() const noexcept { return status_; }

  /// Whether the file is there only after finish().
  [[nodiscard]] bool is_apart() const noexcept { return written_path_ != path_; }

  /// Makes of what was written the file, which keeps the permissions that it had.
  Result<void> finish();

 private:
  std::string path_;
  std::string written_path_;
  trace::FileOutput output_;
  Result<void> status_;
  bool is_finished_ = false;
};

}  // namespace tarn::tool
