//! Memory per call in flight: ten thousand calls may wait for a slow system at the same time.

use super::*;

#[test]
fn a_call_that_waits_for_its_answer_takes_little_memory() {
    let connections = Connections::default();
    let request =
        CallRequest { method: "GET".into(), uri: "https://api.example.com/".into(), ..CallRequest::default() };
    let url: Url = "https://api.example.com/".parse().expect("an address");
    let call = size_of_val(&connections.call(&request, None));
    let attempt = size_of_val(&connections.attempt(&connections.direct, &request, None, url));
    // Without authentication and without a second attempt after a rejection: those futures are boxed.
    assert!(call <= 1_024 && attempt <= 4_096, "{call} bytes for a call, {attempt} for its attempt");
}
