// tool/record_library.hpp - where libtarn_record.so lies, from where this program does.
//
//     build/tool/tarn    build/libtarn_record.so           a build
//     bin/tarn           lib/tarn/libtarn_record.so        an installed tree, wherever it was moved
//
// Threads:    any.
// Failure:    CommandError that says where it was looked for.

#pragma once

#include <string>

namespace tarn::tool {

[[nodiscard]] std::string find_record_library();

}  // namespace tarn::tool
