// tool/short_name.hpp - the name of a C++ function, as it fits into a line.
//
//     void beast::read_op<asio::tcp, http::parser<true>>::operator()(error_code)
//     void beast::read_op<...>::operator()(error_code)
//
// A callback of Asio has a name of some thousand characters, nearly all of them template arguments.
//
// Threads:    a pure function.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tarn::tool {

/// `name` if it has `columns` characters or fewer; else without template arguments, and cut if it
/// is longer even so. Requires: columns >= 3.
[[nodiscard]] std::string short_name(std::string_view name, std::size_t columns);

}  // namespace tarn::tool
