use super::*;

pub(super) fn with(pairs: &[(&str, &str)]) -> anyhow::Result<Loaded> {
    let variables = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    load_from(Path::new("/nowhere/stepwell.toml"), &variables)
}

#[test]
fn variables_set_keys_in_both_spellings() {
    let loaded = with(&[
        ("STEPWELL_NETWORK_ALLOW", "127.0.0.1:9911, 10.0.0.0/8"),
        ("STEPWELL_NODE__LEASE_SECONDS", "2.5"),
        ("STEPWELL_SWEEP_INTERVAL_MS", "100"),
        ("STEPWELL_LISTEN", "127.0.0.1:9000"),
        ("STEPWELL_CONNECTIONS__NETSUITE__BASE_URL", "http://127.0.0.1:9911/erp"),
        ("STEPWELL_HTTP_METRICS_PUBLIC", "true"),
        ("STEPWELL_HTTP_TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16"),
        ("STEPWELL_HTTP_ADMIN_LISTEN", "127.0.0.1:9001"),
        ("STEPWELL_SECRET_X", "hidden"),
    ])
    .unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.network.allow, ["127.0.0.1:9911", "10.0.0.0/8"]);
    assert_eq!((settings.node.lease_seconds, settings.node.sweep_interval_ms), (2.5, 100));
    assert_eq!(settings.connections["netsuite"].base_url.path(), "/erp");
    assert!(settings.http.metrics_public);
    assert_eq!(settings.http.trusted_proxies, ["10.0.0.1", "192.168.0.0/16"]);
    assert_eq!(settings.http.admin_listen, "127.0.0.1:9001".parse().ok());
    assert_eq!(loaded.origins["listen"], "STEPWELL_LISTEN");
}

#[test]
fn an_https_address_makes_cookies_secure_and_browsers_strict() {
    for (url, expected) in [("https://hub.example.com", true), ("http://hub.example.com", false)] {
        let http = with(&[("STEPWELL_PUBLIC_URL", url)]).unwrap().settings.http();
        assert_eq!((http.secure_cookies, http.strict_transport), (expected, expected), "{url}");
    }
}

#[test]
fn an_unknown_variable_is_reported_and_the_rest_is_in_force() {
    let loaded = with(&[
        ("STEPWELL_NETWRK_ALLOW", "x"),
        ("STEPWELL_PORT", "tcp://10.43.7.12:8080"),
        ("STEPWELL_NODE", "a"),
        ("STEPWELL_LISTEN", "127.0.0.1:9000"),
    ])
    .unwrap();
    assert_eq!(loaded.settings.listen.port(), 9_000);
    assert_eq!(
        loaded.unknown,
        [
            "unknown variable STEPWELL_NETWRK_ALLOW; did you mean STEPWELL_NETWORK_ALLOW?",
            "unknown variable STEPWELL_NODE; did you mean STEPWELL_NODE_NAME?",
        ]
    );
}

#[test]
fn a_key_that_sets_nothing_is_refused_as_in_every_other_document() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stepwell.toml");
    let load = |text: &str| {
        std::fs::write(&file, text).unwrap();
        load_from(&file, &BTreeMap::new()).map(drop).map_err(|error| format!("{error:#}"))
    };
    let refused = load("listen = '127.0.0.1:1'\n[node]\nlease_secnds = 3.0\n").unwrap_err();
    assert!(refused.contains("stepwell.toml"), "{refused}");
    assert!(
        refused.ends_with("unknown property `node.lease_secnds` (did you mean `node.lease_seconds`?)"),
        "{refused}"
    );
    assert!(
        load("enviroment = 'x'").unwrap_err().ends_with("unknown property `enviroment` (did you mean `environment`?)")
    );
    load("environment = 'x'\npublic_url = 'https://h.example'\n[connections.crm]\nbase_url = 'https://h.example'\n")
        .unwrap();
}
