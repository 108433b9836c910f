#include "tool/whole_file.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tarn/os/file.hpp"
#include "tarn/os/unfinished_file.hpp"

namespace tarn::tool {
namespace {

// A link may be that of a descriptor, as /dev/stdout is, whose file is somebody else's.
bool can_be_replaced(const std::string& path) {
  std::error_code error;
  const auto type = std::filesystem::symlink_status(path, error).type();
  return type == std::filesystem::file_type::regular ||
         type == std::filesystem::file_type::not_found;
}

void keep_permissions(const std::string& of, const std::string& by) {
  std::error_code error;
  if (const auto status = std::filesystem::status(of, error); exists(status)) {
    std::filesystem::permissions(by, status.permissions(), error);
  }
}

// Creates a file beside `path` and returns its name, or `path` if that must be written to itself.
std::string place_to_write(const std::string& path) {
  if (!can_be_replaced(path)) return path;
  for (int number = 1; number <= 100; ++number) {
    std::string name = path + ".part" + std::to_string(number);
    if (const int descriptor = create_unfinished_file(name.c_str()); descriptor >= 0) {
      close_file(descriptor);
      keep_permissions(path, name);
      return name;
    }
    if (errno != EEXIST) break;
  }
  return path;
}

}  // namespace

WholeFile::WholeFile(const std::string& path)
    : path_(path), written_path_(place_to_write(path)), output_(written_path_) {}

WholeFile::~WholeFile() {
  if (!is_apart() || is_finished_) return;
  delete_file(written_path_.c_str());
  end_unfinished_file();
}

Result<void> WholeFile::finish() {
  if (const Result<void> closed = output_.close(); !closed || !is_apart()) return closed;
  std::error_code error;
  std::filesystem::rename(written_path_, path_, error);
  is_finished_ = !error;
  if (is_finished_) {
    end_unfinished_file();  // NAME.part1 may be another's from here on
    return {};
  }
  return Error::make(ErrorCode::malformed, "can not rename %s: %s", written_path_.c_str(),
                     error.message().c_str());
}

}  // namespace tarn::tool
