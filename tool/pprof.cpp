#include "tool/pprof.hpp"

#include <map>
#include <string>
#include <string_view>

#include "tarn/trace_file/columns.hpp"
#include "tool/symbols.hpp"
#include "tool/trace_statistics.hpp"

namespace tarn::tool {
namespace {

using trace::append_number;
using trace::Bytes;

// A message of Protocol Buffers as its bytes. Fields of the value 0 are left out, as they may be.
class Message {
 public:
  void number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    append_number(bytes_, field << 3);
    append_number(bytes_, value);
  }

  void bytes(std::uint32_t field, const std::uint8_t* content, std::size_t count) {
    append_number(bytes_, (field << 3) | 2);
    append_number(bytes_, count);
    bytes_.insert(bytes_.end(), content, content + count);
  }

  void text(std::uint32_t field, std::string_view text) {
    bytes(field, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }

  void message(std::uint32_t field, const Message& message) {
    bytes(field, message.bytes_.data(), message.bytes_.size());
  }

  void numbers(std::uint32_t field, const std::vector<std::uint64_t>& values) {
    Bytes packed;
    for (const std::uint64_t value : values) append_number(packed, value);
    bytes(field, packed.data(), packed.size());
  }

  [[nodiscard]] const Bytes& content() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

// The numbers of the fields are profile.proto's.
class Profile {
 public:
  explicit Profile(OpenTrace& trace)
      : definitions_(trace.reader().definitions()), symbols_(definitions_) {
    string("");
    add_sample_types();
    add_mappings();
  }

  void add_site(std::uint32_t stack, const BlockCounts& counts) {
    if (counts.allocated_count == 0) return;
    Message sample;
    std::vector<std::uint64_t> locations;
    for (std::uint32_t call = stack; call != 0; call = definitions_.stacks[call].caller) {
      locations.push_back(location(definitions_.stacks[call].address));
    }
    sample.numbers(1, locations);
    sample.numbers(
        2, {counts.allocated_count, counts.allocated_bytes, counts.live_count, counts.live_bytes});
    profile_.message(2, sample);
  }

  [[nodiscard]] const Bytes& finish(std::uint64_t duration_ns) {
    for (const std::string& text : strings_in_order_) profile_.text(6, text);
    profile_.number(10, duration_ns);
    return profile_.content();
  }

 private:
  void add_sample_types() {
    constexpr std::string_view types[][2] = {{"alloc_objects", "count"},
                                             {"alloc_space", "bytes"},
                                             {"inuse_objects", "count"},
                                             {"inuse_space", "bytes"}};
    for (const auto& [name, unit] : types) {
      Message type;
      type.number(1, string(name));
      type.number(2, string(unit));
      profile_.message(1, type);
    }
  }

  void add_mappings() {
    for (std::size_t i = 0; i < definitions_.modules.size(); ++i) {
      const trace::Module& module = definitions_.modules[i];
      Message mapping;
      mapping.number(1, i + 1);
      mapping.number(2, module.address);
      mapping.number(3, module.address + module.bytes);
      mapping.number(4, module.file_offset);
      mapping.number(5, string(module.path));
      mapping.number(6, string(module.build_id));
      mapping.number(7, 1);  // has_functions: these are the names there are
      profile_.message(3, mapping);
    }
  }

  std::uint64_t location(std::uint64_t address) {
    const auto [found, is_new] = locations_.try_emplace(address, locations_.size() + 1);
    if (!is_new) return found->second;
    Message location;
    location.number(1, found->second);
    location.number(2, static_cast<std::uint64_t>(symbols_.module_index(address) + 1));
    location.number(3, address);
    for (const Frame& frame : symbols_.frames(address)) {
      if (frame.function.empty()) continue;
      Message line;
      line.number(1, function(frame));
      line.number(2, frame.line);
      location.message(4, line);
    }
    profile_.message(4, location);
    return found->second;
  }

  std::uint64_t function(const Frame& frame) {
    const auto key = std::make_pair(frame.function, frame.file);
    const auto [found, is_new] = functions_.try_emplace(key, functions_.size() + 1);
    if (!is_new) return found->second;
    Message function;
    function.number(1, found->second);
    function.number(2, string(frame.function));
    function.number(3, string(frame.function));
    function.number(4, string(frame.file));
    profile_.message(5, function);
    return found->second;
  }

  std::uint64_t string(std::string_view text) {
    const auto [found, is_new] = strings_.try_emplace(std::string(text), strings_.size());
    if (is_new) strings_in_order_.push_back(found->first);
    return found->second;
  }

  const trace::Definitions& definitions_;
  Symbols symbols_;
  Message profile_;
  std::map<std::uint64_t, std::uint64_t> locations_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> functions_;
  std::map<std::string, std::uint64_t> strings_;
  std::vector<std::string> strings_in_order_;
};

}  // namespace

void write_pprof(OpenTrace& trace, trace::Output& output) {
  TraceStatistics statistics(trace.reader().definitions().stacks.count());
  trace.for_each([&](const trace::Operation& operation) { statistics.add(operation); });
  Profile profile(trace);
  for (std::uint32_t stack = 0; stack < statistics.sites.size(); ++stack) {
    profile.add_site(stack, statistics.sites[stack]);
  }
  trace.take(output.write(profile.finish(statistics.last_ns - statistics.first_ns)));
}

}  // namespace tarn::tool
