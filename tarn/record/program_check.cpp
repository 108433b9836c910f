#include "tarn/record/program_check.hpp"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace tarn::record {
namespace {

class ElfFile {
 public:
  explicit ElfFile(const std::string& path)
      : file_(path, std::ios::binary),
        is_valid_(read_at(0, &header_, sizeof header_) &&
                  std::memcmp(header_.e_ident, ELFMAG, SELFMAG) == 0) {}

  [[nodiscard]] bool is_valid() const { return is_valid_; }
  [[nodiscard]] bool is_of_our_word_size() const { return header_.e_ident[EI_CLASS] == ELFCLASS64; }

  template <typename Part>
  [[nodiscard]] std::vector<Part> table(std::uint64_t offset, std::uint64_t count) {
    // What a damaged file says of itself is not believed.
    constexpr std::uint64_t bytes_max = std::uint64_t{1} << 30;
    std::vector<Part> parts(count * sizeof(Part) <= bytes_max ? count : 0);
    const bool is_read = read_at(offset, parts.data(), parts.size() * sizeof(Part));
    return is_read ? parts : std::vector<Part>();
  }

  [[nodiscard]] std::vector<Elf64_Phdr> parts() {
    return table<Elf64_Phdr>(header_.e_phoff, header_.e_phnum);
  }
  [[nodiscard]] std::vector<Elf64_Shdr> sections() {
    return table<Elf64_Shdr>(header_.e_shoff, header_.e_shnum);
  }

 private:
  bool read_at(std::uint64_t offset, void* bytes, std::size_t count) {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    return static_cast<bool>(
        file_.read(static_cast<char*>(bytes), static_cast<std::streamsize>(count)));
  }

  std::ifstream file_;
  Elf64_Ehdr header_{};
  bool is_valid_;  // says what the two above have in them
};

bool is_allocators(const char* name) {
  constexpr const char* names[] = {"malloc", "je_malloc", "mi_malloc", "tc_malloc"};
  return std::any_of(std::begin(names), std::end(names),
                     [name](const char* of) { return std::strcmp(name, of) == 0; });
}

std::string find_own_allocator(ElfFile& file) {
  const std::vector<Elf64_Shdr> sections = file.sections();
  for (const Elf64_Shdr& section : sections) {
    const bool has_symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
    if (!has_symbols || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& name_section = sections[section.sh_link];
    const std::vector<char> names = file.table<char>(name_section.sh_offset, name_section.sh_size);
    if (names.empty() || names.back() != '\0') continue;
    for (const Elf64_Sym& symbol :
         file.table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
      const bool is_defined = symbol.st_shndx != SHN_UNDEF &&
                              ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
                              symbol.st_name < names.size();
      if (is_defined && is_allocators(&names[symbol.st_name])) return &names[symbol.st_name];
    }
  }
  return {};
}

std::string find_in_path(const std::string& name) {
  const char* const variable = std::getenv("PATH");
  if (name.find('/') != std::string::npos || variable == nullptr) return name;
  std::string_view folders(variable);
  while (!folders.empty()) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const std::filesystem::path candidate = std::filesystem::path(folders.substr(0, end)) / name;
    std::error_code error;
    if (std::filesystem::is_regular_file(candidate, error)) return candidate;
    folders.remove_prefix(std::min(end + 1, folders.size()));
  }
  return name;
}

bool has_rights_of_owner(const std::string& path) {
  using std::filesystem::perms;
  std::error_code error;
  const perms permissions = std::filesystem::status(path, error).permissions();
  return !error && (permissions & (perms::set_uid | perms::set_gid)) != perms::none;
}

}  // namespace

ProgramCheck check_program(const std::string& name) {
  const std::string path = find_in_path(name);
  ElfFile file(path);
  std::error_code error;  // of a folder that may not be searched: nothing in it is there for us
  if (!std::filesystem::exists(path, error)) return {Recordable::no_such_file, {}, false};
  if (!file.is_valid()) return {};
  if (!file.is_of_our_word_size()) return {Recordable::no_other_word_size, {}, false};
  const bool has_rights = has_rights_of_owner(path);
  const std::vector<Elf64_Phdr> parts = file.parts();
  const bool has_interpreter = std::any_of(
      parts.begin(), parts.end(), [](const Elf64_Phdr& part) { return part.p_type == PT_INTERP; });
  if (!has_interpreter) return {Recordable::no_statically_linked, {}, has_rights};
  const std::string symbol = find_own_allocator(file);
  return {symbol.empty() ? Recordable::yes : Recordable::no_own_allocator, symbol, has_rights};
}

}  // namespace tarn::record
