#include "tool/record_library.hpp"

#include <filesystem>
#include <string>

#include "tool/command.hpp"

namespace tarn::tool {
namespace {

// Where the dynamic linker finds it by its name.
std::string preloadable(const std::filesystem::path& library) {
  std::string path = std::filesystem::canonical(library);
  if (path.find_first_of(" :") == std::string::npos) return path;
  throw CommandError(path + ": the dynamic linker takes the space or colon for the end of the " +
                     "name; install tarn in a folder without");
}

}  // namespace

std::string find_record_library() {
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const char* const candidate : {"..", TARN_LIBRARY_FOLDER}) {
    const std::filesystem::path path = folder / candidate / "libtarn_record.so";
    if (std::filesystem::exists(path)) return preloadable(path);
  }
  throw CommandError("libtarn_record.so is neither in " + (folder / "..").string() + " nor in " +
                     (folder / TARN_LIBRARY_FOLDER).string() +
                     "; install it with the program (cmake --install)");
}

}  // namespace tarn::tool
