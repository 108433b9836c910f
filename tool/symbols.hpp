// tool/symbols.hpp - names, files and lines of return addresses, inlined calls included.
//
//     address ---> module of the trace ---> its file, if the build-id is the same ---> libdw
//
//     0x401136:  parse(char const*)   json.cpp:42      innermost; inlined into
//                handle(Request&)     server.cpp:7
//
// A file is opened when an address in it is first asked for; debug information that lies apart, in
// /usr/lib/debug, is found by build-id.
//
// Threads:    one at a time.
// Failure:    what is not known is empty: a frame always has an address.
// Lifetime:   the definitions outlive the symbols.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tarn/trace_file/definitions.hpp"

struct Dwfl;
struct Dwfl_Module;

namespace tarn::tool {

struct Frame {
  std::uint64_t address = 0;
  std::string function;  // demangled
  std::string file;
  std::uint32_t line = 0;
  std::string module;  // the path of the file that the address lies in

  /// "parse(char const*) json.cpp:42", or as much of it as is known; a long name is shortened.
  [[nodiscard]] std::string text() const;
};

class Symbols {
 public:
  explicit Symbols(const trace::Definitions& definitions);
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  /// The calls that return to `address`, innermost first; the last one is no inlined call. Never
  /// empty. Microseconds for an address that is asked for the first time.
  const std::vector<Frame>& frames(std::uint64_t address);

  /// The frames of a stack, innermost first.
  std::vector<Frame> frames_of_stack(std::uint32_t stack);

  /// The module that `address` lies in, as an index of the definitions' modules; -1: none.
  [[nodiscard]] std::ptrdiff_t module_index(std::uint64_t address) const noexcept;

 private:
  struct EndSession {
    void operator()(Dwfl* session) const noexcept;
  };

  // A file is reported to libdw once for each place it was loaded at.
  Dwfl_Module* module_of(std::uint64_t address);
  Dwfl_Module* report(const trace::Module& module);
  std::vector<Frame> find_frames(std::uint64_t address);

  const trace::Definitions& definitions_;
  std::unique_ptr<Dwfl, EndSession> session_;
  std::map<std::uint64_t, std::vector<Frame>> known_;
  std::map<std::ptrdiff_t, Dwfl_Module*> reported_;
};

}  // namespace tarn::tool
