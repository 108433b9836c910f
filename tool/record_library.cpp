#include "tool/record_library.hpp"

#include <filesystem>

#include "tool/command.hpp"

namespace tarn::tool {

std::string find_record_library() {
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const char* const candidate : {"..", TARN_LIBRARY_FOLDER}) {
    const std::filesystem::path path = folder / candidate / "libtarn_record.so";
    if (std::filesystem::exists(path)) return std::filesystem::canonical(path);
  }
  throw CommandError("libtarn_record.so is neither in " + (folder / "..").string() + " nor in " +
                     (folder / TARN_LIBRARY_FOLDER).string() +
                     "; install it with the program (cmake --install)");
}

}  // namespace tarn::tool
