#include "tool/whole_file.hpp"

#include <filesystem>
#include <system_error>

#include "tarn/os/file.hpp"

namespace tarn::tool {
namespace {

// A link may be that of a descriptor, as /dev/stdout is, whose file is somebody else's.
bool can_be_replaced(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  return type == std::filesystem::file_type::regular ||
         type == std::filesystem::file_type::not_found;
}

}  // namespace

WholeFile::WholeFile(const std::string& path)
    : path_(path),
      written_path_(can_be_replaced(path) ? path + ".part" : path),
      output_(written_path_) {}

WholeFile::~WholeFile() {
  if (is_apart() && !is_finished_) delete_file(written_path_.c_str());
}

Result<void> WholeFile::finish() {
  if (const Result<void> closed = output_.close(); !closed || !is_apart()) return closed;
  std::error_code error;
  if (const auto before = std::filesystem::status(path_, error); exists(before)) {
    std::filesystem::permissions(written_path_, before.permissions(), error);
  }
  std::filesystem::rename(written_path_, path_, error);
  is_finished_ = !error;
  if (is_finished_) return {};
  return Error::make(ErrorCode::malformed, "can not rename %s: %s", written_path_.c_str(),
                     error.message().c_str());
}

}  // namespace tarn::tool
