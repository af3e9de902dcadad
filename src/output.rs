//! The program's output. The standard library's `print!`, `println!` and their siblings panic once the reader has gone
//! (`stepwell runs list | head -1`). In this crate those names are the macros below, so that no command can forget
//! this.
//!
//! When the reader has gone, the rest of the output is dropped and the command ends normally, with the exit code for
//! what it did or found. An act is never interrupted because of its output.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the reader of standard output has gone.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Whether nobody reads standard output any longer, so that a long listing can stop.
pub(crate) fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// Standard output for reports that take a writer. A missing reader is not an error.
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

/// Prints to standard output. Ends the process if that fails, except for a missing reader: a list cut short by a full
/// disk must not be taken for the whole list.
pub(crate) fn out(text: Arguments<'_>) {
    if let Err(error) = read_or_dropped(|| io::stdout().lock().write_fmt(text)) {
        err(format_args!("error: cannot write to standard output: {error}\n"));
        std::process::exit(1);
    }
}

/// Prints to standard error. Ignores failures, which could not be reported anywhere.
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
