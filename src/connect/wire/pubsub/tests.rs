use super::*;

fn status(code: Code, own: Option<&'static str>) -> Status {
    let mut status = Status::new(code, "token secret-token-1 is\nrefused");
    if let Some(own) = own {
        status.metadata_mut().insert(headers::ERROR_CODE, MetadataValue::from_static(own));
    }
    status
}

#[test]
fn salesforces_own_codes_say_what_an_error_means_and_no_text_holds_the_token() {
    let redactor = Redactor::of(["secret-token-1"]);
    let of = |code, own| failed(&status(code, own), &redactor);
    let text = of(Code::Internal, None).to_string();
    assert_eq!(text, "Internal: token *** isrefused");
    assert!(matches!(of(Code::InvalidArgument, Some(errors::REPLAY_ID_CORRUPTED)), PubSubError::ReplayIdRefused(_)));
    assert!(matches!(of(Code::InvalidArgument, Some(errors::REPLAY_ID_INVALID)), PubSubError::ReplayIdRefused(_)));
    assert!(matches!(of(Code::Unauthenticated, None), PubSubError::Unauthenticated(_)));
    assert!(matches!(of(Code::OutOfRange, None), PubSubError::TooLarge(_)));
    assert!(matches!(of(Code::NotFound, None), PubSubError::NotFound(_)));
    assert!(matches!(of(Code::InvalidArgument, Some("another")), PubSubError::Invalid(_)));
    assert!(matches!(of(Code::Unavailable, None), PubSubError::Failed(_)));
}

#[test]
fn a_token_of_salesforce_names_its_org() {
    assert_eq!(organization_of("00DWs000003aBcD!AQ8AQ"), Some("00DWs000003aBcD"));
    for none in ["sandbox-crm-token", "00D!x", "005Ws000003aBcD!x", "eyJ.eyJ.x"] {
        assert_eq!(organization_of(none), None, "{none}");
    }
}
