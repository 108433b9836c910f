// tool/print.hpp - what a command has found out, on standard output.
//
// Threads:    main's.
// Failure:    CommandError, if not all of it could be written.

#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tarn::tool {

void print(const std::string& text);

/// A text in it need not be UTF-8, which JSON is: what is not is replaced.
void print(const nlohmann::ordered_json& json);

}  // namespace tarn::tool
