//! How the program is kept small in memory.
//!
//! **Arenas.** glibc gives each thread an arena of its own, up to eight a core, and what one frees
//! another does not get. Here readings are made on one thread and freed on another, so the arenas
//! fill with holes: a third of what a gateway under load has in memory. With one arena for all it
//! takes no more CPU time, as small pieces are kept by each thread anyway.
//!
//! **Pages of the program.** Linux maps sixteen pages of a file around each one that is needed. That
//! is right while a program starts; afterwards most of what it has in memory is code of the start,
//! and neighbours of code. So, once it runs, the pages are given back, and come again one by one
//! when they are needed, from the page cache.

use std::{fs, time::Duration};

/// What tells that pages of a mapping differ from its file, wherever they are now.
const WRITTEN: [&str; 3] = ["Private_Dirty:", "Anonymous:", "Swap:"];

/// After so long a gateway has done everything once.
const STARTED_AFTER: Duration = Duration::from_secs(20);

/// Sets the heap up; called first, while there is one thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's settings are to be had in no other way")]
pub(crate) fn keep_heap_small() {
    // SAFETY: `mallopt` takes two numbers, and no other thread allocates yet.
    let is_set = unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    debug_assert_eq!(is_set, 1, "glibc knows this setting");
}

/// Other allocators have no arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_heap_small() {}

/// Gives the pages of the program back that only its start needed. It is no fault if that cannot be
/// done: then they stay.
pub(crate) async fn forget_start() {
    tokio::time::sleep(STARTED_AFTER).await;
    let given = fs::read_to_string("/proc/self/smaps").map_or(0, |smaps| give_back(&smaps));
    tracing::debug!("{} KiB of the program's file were given back", given / 1024);
}

/// How many bytes of address space were given back.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice about pages is to be had in no other way")]
fn give_back(smaps: &str) -> usize {
    let mut given = 0;
    for (start, length) in clean_files(smaps) {
        let at = start as *mut libc::c_void;
        // SAFETY: the range is a mapping of a file that this process can only read, and of which no
        // page differs from the file, so what is dropped is read again as it was.
        let is_done = unsafe {
            libc::madvise(at, length, libc::MADV_RANDOM) == 0
                && libc::madvise(at, length, libc::MADV_DONTNEED) == 0
        };
        given += if is_done { length } else { 0 };
    }
    given
}

#[cfg(not(target_os = "linux"))]
fn give_back(_smaps: &str) -> usize {
    0
}

/// Start and length of the mappings of files that can only be read or run, and of which no page was
/// ever written; written ones (relocations) are there nowhere else.
fn clean_files(smaps: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut is_file = false;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        if let Some(range) = range(first) {
            is_file = matches!(second, "r-xp" | "r--p") && line.contains(" /");
            if is_file {
                found.push(range);
            }
        } else if is_file && WRITTEN.contains(&first) && second != "0" {
            found.pop();
            is_file = false;
        }
    }
    found
}

/// `5581-5590` as start and length.
fn range(word: &str) -> Option<(usize, usize)> {
    let (start, end) = word.split_once('-')?;
    let (start, end) =
        (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    Some((start, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 r-xp 00000000 08:01 77 /usr/bin/weir
Rss:                   8 kB
Private_Dirty:         0 kB
VmFlags: rd ex mr mw me
3000-4000 r--p 00002000 08:01 77 /usr/bin/weir
Private_Dirty:         4 kB
4000-5000 rw-p 00003000 08:01 77 /usr/bin/weir
Private_Dirty:         0 kB
5000-6000 r--p 00000000 00:00 0 
Private_Dirty:         0 kB
6000-7000 r--p 00000000 08:01 78 /usr/lib/libc.so.6
Private_Dirty:         0 kB
Swap:                  0 kB
7000-8000 r--p 00001000 08:01 78 /usr/lib/libc.so.6
Private_Dirty:         0 kB
Swap:                  4 kB
";

    #[test]
    fn only_what_is_in_a_file_as_it_is_in_memory_is_given_back() {
        assert_eq!(clean_files(SMAPS), [(0x1000, 0x2000), (0x6000, 0x1000)]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_runs_on_after_it() {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(give_back(&smaps) > 100_000);
        let sum: u64 = (0..1_000).map(|n| format!("{n:?}").len() as u64).sum();
        assert_eq!(sum, 2_890);
    }
}
