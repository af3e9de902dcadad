use super::*;

fn rendered(act: impl FnOnce()) -> String {
    let recorder = builder().unwrap().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        describe();
        act();
    });
    recorder.handle().render()
}

#[test]
fn invented_methods_do_not_make_new_series() {
    let text = rendered(|| http_answered(&http::Method::from_bytes(b"HUNTER2").unwrap(), "/api/v1/runs", 405));
    assert!(text.contains(r#"method="other""#) && !text.contains("HUNTER2"), "{text}");
}

#[test]
fn durations_are_histograms_with_our_bounds() {
    let text = rendered(|| ingress_answered(202, Duration::from_millis(4)));
    assert!(text.contains(r#"stepwell_ingress_seconds_bucket{le="0.005"} 1"#), "{text}");
}

/// Collects everything written.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn log_lines_hide_secrets_in_either_format() {
    let (lines, known) = (Lines::default(), Known::default());
    known.note("pa/ss\"word");
    known.note("abcd");
    let (to, hidden) = (lines.clone(), known.clone());
    let writer = move || Redacting { to: to.clone(), known: hidden.clone() };
    let text = tracing_subscriber::fmt().with_writer(writer.clone()).with_ansi(false).finish();
    let json = tracing_subscriber::fmt().with_writer(writer).json().finish();
    let log = || tracing::error!(token = "abcd", url = "https://u:pa%2Fss%22word@a.example", "no: pa/ss\"word");
    tracing::subscriber::with_default(text, log);
    tracing::subscriber::with_default(json, log);
    let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(written.lines().count(), 2, "{written}");
    assert_eq!(written.matches("***").count(), 6, "{written}");
    for part in ["abcd", "ss\"word", "ss\\\"word", "%2Fss"] {
        assert!(!written.contains(part), "{written}");
    }
}
