#include "tarn/trace_file/output.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "tarn/os/file.hpp"

namespace tarn::trace {

FileOutput::FileOutput(std::string path)
    : path_(std::move(path)),
      descriptor_(create_file(path_.c_str())),
      open_error_(descriptor_ < 0 ? errno : 0) {}

FileOutput::~FileOutput() {
  if (descriptor_ >= 0) close_file(descriptor_);
}

Error FileOutput::error_of(const char* doing) const {
  return Error::make(ErrorCode::malformed, "can not %s %s: %s", doing, path_.c_str(),
                     std::strerror(errno));
}

Result<void> FileOutput::write(ByteView bytes) {
  if (descriptor_ < 0) {
    errno = open_error_;
    return error_of("create");
  }
  if (!write_file(descriptor_, bytes.data(), bytes.size())) return error_of("write to");
  return {};
}

Result<void> FileOutput::close() {
  if (descriptor_ < 0) return write({});
  if (!close_file(std::exchange(descriptor_, -1))) return error_of("close");
  return {};
}

}  // namespace tarn::trace
