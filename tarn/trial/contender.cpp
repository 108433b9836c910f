#include "tarn/trial/contender.hpp"

#include <array>
#include <cstdlib>
#include <optional>

#include "tarn/os/file.hpp"
#include "tarn/os/heap.hpp"

namespace tarn::trial {
namespace {

struct KnownContender {
  const char* name;
  PoolKind pool;
  const char* library;  // its file name, if it has one
  const char* package;  // of Debian, which has the library
};

constexpr std::array<KnownContender, 10> known_contenders{{
    {"glibc", PoolKind::heap, nullptr, nullptr},
    {"jemalloc", PoolKind::heap, "libjemalloc.so.2", "libjemalloc2"},
    {"mimalloc", PoolKind::heap, "libmimalloc.so.2", "libmimalloc2.0"},
    {"tcmalloc", PoolKind::heap, "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"},
    {"tbbmalloc", PoolKind::heap, "libtbbmalloc_proxy.so.2", "libtbbmalloc2"},
    {"tarn-arena", PoolKind::arena, nullptr, nullptr},
    {"tarn-slabs", PoolKind::slabs, nullptr, nullptr},
    {"tarn-region", PoolKind::regions, nullptr, nullptr},
    {"pmr", PoolKind::pmr_synchronized, nullptr, nullptr},
    {"pmr-1-thread", PoolKind::pmr_unsynchronized, nullptr, nullptr},
}};

bool is_readable(const std::string& path) {
  const int descriptor = open_file(path.c_str());
  return descriptor >= 0 && close_file(descriptor);
}

// Empty: there is none.
std::string find_library(const char* file_name) {
  for (const std::string& folder : {std::string(c_library_folder()), std::string("/usr/local/lib"),
                                    std::string("/usr/lib"), std::string("/usr/lib64")}) {
    std::string path = folder + "/" + file_name;
    if (is_readable(path)) return path;
  }
  return {};
}

Result<Contender> contender_of(const KnownContender& known) {
  Contender contender{known.name, {}, known.pool};
  if (known.library == nullptr) return contender;
  contender.library = find_library(known.library);
  if (!contender.library.empty()) return contender;
  return Error::make(ErrorCode::wrong_id,
                     "%s: there is no %s beside the C library; install %s, or say where it is: "
                     "%s=/path/to/%s",
                     known.name, known.library, known.package, known.name, known.library);
}

Result<Contender> contender_in_file(std::string_view name, std::string_view path) {
  // The linker takes a name without a slash for one to look for.
  char whole_path[4096];
  const std::string wanted(path);
  if (realpath(wanted.c_str(), whole_path) == nullptr || !is_readable(whole_path)) {
    return Error::make(ErrorCode::wrong_id, "%.60s: the library %.120s can not be read",
                       std::string(name).c_str(), wanted.c_str());
  }
  return Contender{std::string(name), whole_path, PoolKind::heap};
}

}  // namespace

Result<Contender> find_contender(std::string_view name) {
  const std::size_t equals = name.find('=');
  if (equals != std::string_view::npos) {
    return contender_in_file(name.substr(0, equals), name.substr(equals + 1));
  }
  std::string names;
  for (const KnownContender& known : known_contenders) {
    if (name == known.name) return contender_of(known);
    names.append(known.name).append(", ");
  }
  return Error::make(ErrorCode::wrong_id,
                     "no allocator is called '%.40s'; there are %sand NAME=/path/to/library.so",
                     std::string(name).c_str(), names.c_str());
}

std::string objection_to(const Contender& contender, const PlanCounts& plan) {
  if (contender.pool == PoolKind::pmr_unsynchronized && plan.lane_count > 1) {
    return contender.name + " is for one thread, the trace has more: take pmr, or --serial";
  }
  if (contender.pool == PoolKind::regions && plan.region_count == 0) {
    return contender.name + " needs pools or scopes, and the trace has none: mark them in the " +
           "program";
  }
  return {};
}

std::vector<Contender> contenders_here(const PlanCounts& plan) {
  std::vector<Contender> here;
  for (const KnownContender& known : known_contenders) {
    const Result<Contender> contender = contender_of(known);
    if (contender && objection_to(*contender, plan).empty()) here.push_back(*contender);
  }
  return here;
}

}  // namespace tarn::trial
