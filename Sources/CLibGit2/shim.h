#pragma once
#include <git2.h>

// git_libgit2_opts is variadic, which Swift cannot call; one function for each option used.

/// Checks on reading that an object's bytes have the object's id (0 = trust them, as git does).
static inline int shim_git_set_hash_verification(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, enabled);
}

// Bytes of packs that are mapped into memory at a time, in one window and in all.
static inline int shim_git_set_mapped(size_t window, size_t limit) {
    int status = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window);
    return status < 0 ? status : git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, limit);
}

/// Refuses repositories that another user owns.
static inline int shim_git_set_owner_validation(int enabled) {
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

/// Makes refs durable before a call returns.
static inline int shim_git_set_fsync(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

/// Names two more repository extensions that may be opened.
static inline int shim_git_set_extensions(const char *one, const char *two) {
    const char *names[] = {one, two};
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, (size_t)2);
}

/// Where configuration of a level (GIT_CONFIG_LEVEL_...) is looked for.
static inline int shim_git_set_search_path(int level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}
