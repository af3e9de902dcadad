//! What the program prints. `print!`, `println!` and their siblings of the standard library panic once the reader has
//! gone (`stepwell runs list | head -1`); in this crate those names are the macros below, so no command can forget.
//!
//! A reader that went away has seen enough: what else would be printed is dropped, and the command ends as it would have
//! ended, with the exit code of what it did or found. An act is never cut off half-way because of its output.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the reader of standard output has gone.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Whether nothing reads standard output any longer: a long listing can stop.
pub(crate) fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// Standard output for reports that want a writer. A reader that has gone is no error here.
#[derive(Debug, Default)]
pub(crate) struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        read_or_dropped(|| io::stdout().lock().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        read_or_dropped(|| io::stdout().lock().flush())
    }
}

/// Prints on standard output. Ends the process where that fails for another reason than a missing reader: a list cut
/// short by a full disk must not pass for the whole list.
pub(crate) fn out(text: Arguments<'_>) {
    if let Err(error) = read_or_dropped(|| io::stdout().lock().write_fmt(text)) {
        err(format_args!("error: cannot write to standard output: {error}\n"));
        std::process::exit(1);
    }
}

/// Prints on standard error, if someone reads it: where not, there is nowhere left to say so.
pub(crate) fn err(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

fn read_or_dropped(write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    if is_unread() {
        return Ok(());
    }
    match write() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            UNREAD.store(true, Ordering::Relaxed);
            Ok(())
        }
        outcome => outcome,
    }
}

macro_rules! print {
    ($($text:tt)*) => { $crate::output::out(::std::format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::output::out(::std::format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::out(::std::format_args!("{}\n", ::std::format_args!($($text)*))) };
}

macro_rules! eprint {
    ($($text:tt)*) => { $crate::output::err(::std::format_args!($($text)*)) };
}

macro_rules! eprintln {
    () => { $crate::output::err(::std::format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::err(::std::format_args!("{}\n", ::std::format_args!($($text)*))) };
}
