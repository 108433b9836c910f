#include "tool/symbols.hpp"

#include <cxxabi.h>
#include <dwarf.h>
#include <gelf.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>

#include "tarn/os/file.hpp"
#include "tool/short_name.hpp"

namespace tarn::tool {
namespace {

constexpr Dwfl_Callbacks callbacks = {.find_elf = nullptr,
                                      .find_debuginfo = dwfl_standard_find_debuginfo,
                                      .section_address = dwfl_offline_section_address,
                                      .debuginfo_path = nullptr};

std::string demangled(const char* name) {
  if (name == nullptr) return {};
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] / 16];
    text += digits[bytes[i] % 16];
  }
  return text;
}

// A trace may name anything: to open a pipe waits for whoever writes into it.
bool is_file(const char* path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

// An ELF file, open for reading.
class ElfFile {
 public:
  explicit ElfFile(const char* path) : descriptor_(is_file(path) ? open_file(path) : -1) {
    elf_version(EV_CURRENT);
    if (descriptor_ >= 0) elf_ = elf_begin(descriptor_, ELF_C_READ_MMAP, nullptr);
  }
  ~ElfFile() {
    elf_end(elf_);
    if (descriptor_ >= 0) close_file(descriptor_);
  }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  [[nodiscard]] bool has_build_id(const std::string& expected) const {
    const void* bytes = nullptr;
    const ssize_t count = elf_ == nullptr ? -1 : dwelf_elf_gnu_build_id(elf_, &bytes);
    const auto* const id = static_cast<const unsigned char*>(bytes);
    return expected.empty() ||
           (count > 0 && hexadecimal(id, static_cast<std::size_t>(count)) == expected);
  }

  // The address that the byte at `file_offset` is linked for.
  [[nodiscard]] std::optional<std::uint64_t> linked_address(std::uint64_t file_offset) const {
    std::size_t count = 0;
    if (elf_ == nullptr || elf_getphdrnum(elf_, &count) != 0) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Phdr segment;
      if (gelf_getphdr(elf_, static_cast<int>(i), &segment) == nullptr) return std::nullopt;
      const std::uint64_t begin = segment.p_offset & ~std::uint64_t{4095};
      if (segment.p_type != PT_LOAD || file_offset < begin) continue;
      if (file_offset >= segment.p_offset + segment.p_filesz) continue;
      return segment.p_vaddr - segment.p_offset + file_offset;
    }
    return std::nullopt;
  }

 private:
  int descriptor_;
  Elf* elf_ = nullptr;
};

const char* linkage_name(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  const char* const name =
      dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
  return name != nullptr ? name : dwarf_diename(die);
}

// Where an inlined call was made: file and line of its caller.
void take_call_site(Dwarf_Die* die, Frame& caller) {
  Dwarf_Attribute attribute;
  Dwarf_Word file = 0;
  Dwarf_Word line = 0;
  Dwarf_Die unit;
  Dwarf_Files* files = nullptr;
  dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file);
  dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line);
  if (dwarf_diecu(die, &unit, nullptr, nullptr) != nullptr &&
      dwarf_getsrcfiles(&unit, &files, nullptr) == 0) {
    const char* const name = dwarf_filesrc(files, file, nullptr, nullptr);
    if (name != nullptr) caller.file = name;
  }
  caller.line = static_cast<std::uint32_t>(line);
}

void take_line(Dwfl_Module* module, Dwarf_Addr address, Frame& frame) {
  Dwfl_Line* const line = dwfl_module_getsrc(module, address);
  int number = 0;
  const char* const file =
      line == nullptr ? nullptr : dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
  if (file == nullptr) return;
  frame.file = file;
  frame.line = static_cast<std::uint32_t>(number);
}

// Says where the call of the last frame is, and adds those that its function was inlined into.
void take_places(Dwfl_Module* module, Dwarf_Addr address, std::vector<Frame>& frames) {
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = dwfl_module_addrdie(module, address, &bias);
  if (unit == nullptr) return;  // the nearest line would be another file's
  take_line(module, address, frames.back());
  Dwarf_Die* scopes = nullptr;
  const int count = dwarf_getscopes(unit, address - bias, &scopes);
  const std::unique_ptr<Dwarf_Die, void (*)(void*)> owner(scopes, std::free);
  for (int i = 0; i < count; ++i) {
    if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine) continue;
    Frame caller = frames.back();
    frames.back().function = demangled(linkage_name(&scopes[i]));
    take_call_site(&scopes[i], caller);
    frames.push_back(caller);
  }
}

}  // namespace

std::string Frame::text() const {
  constexpr std::size_t function_columns = 72;
  std::string text = short_name(function, function_columns);
  if (text.empty()) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(address));
    text = digits;
  }
  if (!file.empty()) {
    return text + " " + file.substr(file.rfind('/') + 1) + ":" + std::to_string(line);
  }
  return module.empty() ? text : text + " " + module.substr(module.rfind('/') + 1);
}

void Symbols::EndSession::operator()(Dwfl* session) const noexcept { dwfl_end(session); }

Symbols::Symbols(const trace::Definitions& definitions)
    : definitions_(definitions), session_(dwfl_begin(&callbacks)) {}

Symbols::~Symbols() = default;

std::ptrdiff_t Symbols::module_index(std::uint64_t address) const noexcept {
  for (std::size_t i = definitions_.modules.size(); i-- > 0;) {
    const trace::Module& module = definitions_.modules[i];
    if (address - module.address < module.bytes) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

Dwfl_Module* Symbols::report(const trace::Module& module) {
  const ElfFile elf(module.path.c_str());
  const std::optional<std::uint64_t> linked = elf.linked_address(module.file_offset);
  if (!linked || !elf.has_build_id(module.build_id)) return nullptr;
  const std::uint64_t bias = module.address - *linked;
  for (const auto& [index, reported] : reported_) {
    const trace::Module& other = definitions_.modules[static_cast<std::size_t>(index)];
    if (reported == nullptr || other.path != module.path) continue;
    Dwarf_Addr begin = 0;
    Dwarf_Addr end = 0;
    dwfl_module_info(reported, nullptr, &begin, &end, nullptr, nullptr, nullptr, nullptr);
    if (module.address - begin < end - begin) return reported;
  }
  const char* const path = module.path.c_str();
  dwfl_report_begin_add(session_.get());
  Dwfl_Module* const added = dwfl_report_elf(session_.get(), path, path, -1, bias, true);
  dwfl_report_end(session_.get(), nullptr, nullptr);
  return added;
}

Dwfl_Module* Symbols::module_of(std::uint64_t address) {
  const std::ptrdiff_t index = module_index(address);
  if (index < 0) return nullptr;
  const auto found = reported_.find(index);
  if (found != reported_.end()) return found->second;
  Dwfl_Module* const module = report(definitions_.modules[static_cast<std::size_t>(index)]);
  return reported_[index] = module;
}

const std::vector<Frame>& Symbols::frames(std::uint64_t address) {
  const auto found = known_.find(address);
  if (found != known_.end()) return found->second;
  return known_[address] = find_frames(address);
}

std::vector<Frame> Symbols::find_frames(std::uint64_t address) {
  std::vector<Frame> frames(1);
  frames[0].address = address;
  const std::ptrdiff_t index = module_index(address);
  if (index < 0) return frames;
  frames[0].module = definitions_.modules[static_cast<std::size_t>(index)].path;
  Dwfl_Module* const module = module_of(address);
  if (module == nullptr) return frames;
  // A call may be the last instruction of its function: one byte before lies within it.
  const Dwarf_Addr call = address - 1;
  frames[0].function = demangled(dwfl_module_addrname(module, call));
  take_places(module, call, frames);
  return frames;
}

std::vector<Frame> Symbols::frames_of_stack(std::uint32_t stack) {
  std::vector<Frame> all;
  for (; stack != 0; stack = definitions_.stacks[stack].caller) {
    const std::vector<Frame>& some = frames(definitions_.stacks[stack].address);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace tarn::tool
