//! How the heap is kept small.
//!
//! glibc gives each thread an arena of its own, up to eight a core, and what one frees another does
//! not get. Here readings are made on one thread and freed on another, so the arenas fill with
//! holes: a third of what a gateway under load has in memory. With one arena for all it takes
//! no more CPU time, as small pieces are kept by each thread anyway.

/// Sets it up; called first, while there is one thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's settings are to be had in no other way")]
pub(crate) fn keep_small() {
    // SAFETY: `mallopt` takes two numbers, and no other thread allocates yet.
    let is_set = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    debug_assert_eq!(is_set, 1, "glibc knows this setting");
}

/// Other allocators have no arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_small() {}
