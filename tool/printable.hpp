// tool/printable.hpp - a text of strangers, as it may appear on a terminal.
//
//     sh -c true ESC ]0;title BEL   ---> sh -c true \x1b]0;title\x07
//
// Arguments of programs, names of threads and of functions are whatever somebody wrote: a terminal
// that got them as they are would do what its control characters say.
//
// Threads:    a pure function.

#pragma once

#include <string>
#include <string_view>

namespace tarn::tool {

/// `text` with control characters (0 to 1f, 7f, and U+0080 to U+009F in UTF-8) as \x and two
/// digits for each byte.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace tarn::tool
