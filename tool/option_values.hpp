// tool/option_values.hpp - what options take, and how a wrong value is answered.
//
//     --stacks all     ---> --stacks: 'all' is none of caller, full, none
//     --max-bytes 1x   ---> --max-bytes: '1x': say a size, as in 500kb or 2gb
//
// Threads:    pure functions.
// Failure:    the parser's, which main() prints.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

namespace tarn::tool {

/// One of so many words, each of which is an enumerator.
template <typename Choice>
[[nodiscard]] CLI::Validator choice_of(const std::map<std::string, Choice>& choices) {
  return {[choices](std::string& word) {
            const auto found = choices.find(word);
            if (found != choices.end()) {
              word = std::to_string(static_cast<int>(found->second));
              return std::string();
            }
            std::string names;
            for (const auto& choice : choices) {
              names.append(names.empty() ? "" : ", ").append(choice.first);
            }
            return "'" + word + "' is none of " + names;
          },
          ""};
}

/// Digits, and no sign: the parser alone would take -1 for a very large number.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

/// Seconds, more than none.
[[nodiscard]] CLI::Validator seconds();

/// Bytes, with a unit or without: a kb has 1024.
[[nodiscard]] CLI::Validator size_in_bytes();

/// N of 1/N.
[[nodiscard]] CLI::Validator one_in();

}  // namespace tarn::tool
