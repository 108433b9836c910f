// tarn/region/file_cleanup.hpp - files that end with a region.
//
// Threads:    as the region.
// Failure:    try_x() returns false, x() throws std::bad_alloc; the file is then left alone.
//             Errors of the system when the cleanup runs are not reported: nobody is left to act.
// Lifetime:   the file is closed or deleted when the region ends, is reset or rewound past this
//             point, or when run_now() is called with the handle; cancel() keeps it.

#pragma once

#include "tarn/region/region.hpp"

namespace tarn {

/// Has `descriptor` closed with the region.
CleanupHandle close_on_cleanup(Region& region, int descriptor);
[[nodiscard]] bool try_close_on_cleanup(Region& region, int descriptor,
                                        CleanupHandle& handle) noexcept;

/// Has the file of that name deleted with the region; the name is copied into the region.
CleanupHandle delete_file_on_cleanup(Region& region, const char* path);
[[nodiscard]] bool try_delete_file_on_cleanup(Region& region, const char* path,
                                              CleanupHandle& handle) noexcept;

}  // namespace tarn
