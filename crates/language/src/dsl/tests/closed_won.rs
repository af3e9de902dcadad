//! Stepwell's own definition `closed-won`, with sample events as Salesforce sends them.

use serde_json::{Value, json};

use super::*;

fn closed_won() -> Built {
    let text = std::fs::read_to_string(workflows().join("closed-won.yaml")).expect("text");
    build("closed-won.yaml", &text, &functions(&workflows())).expect("builds")
}

/// Returns the reference of a task of the top-level list.
fn named(definition: &Definition, name: &str) -> String {
    let is_named = |reference: &&String| {
        reference.strip_prefix("/do/").and_then(|rest| rest.split_once('/')).is_some_and(|(_, rest)| rest == name)
    };
    definition.by_reference.keys().find(is_named).unwrap_or_else(|| panic!("{name} is there")).clone()
}

fn sample(name: &str) -> Value {
    let text = std::fs::read_to_string(data().join("samples").join(name)).expect("text");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn closed_won_takes_the_sample_and_names_the_field_that_is_wrong() {
    let built = closed_won();
    let schema = built.definition.input.schema.as_ref().expect("a schema");
    let errors = |value: &Value| -> Vec<String> {
        schema.validator.iter_errors(value).map(|e| e.instance_path().to_string()).collect()
    };
    let good = sample("closed_won.json");
    assert_eq!(errors(&good), Vec::<String>::new());
    assert_eq!(errors(&json!([good])), Vec::<String>::new());
    assert!(!errors(&json!([good, good])).is_empty());
    let wrong = errors(&json!([sample("wrong_types.json")]));
    for pointer in ["/0/data/Amount", "/0/data/CloseDate", "/0/data/Account", "/0/data/OpportunityLineItems/records"] {
        assert!(wrong.iter().any(|found| found == pointer), "{pointer} in {wrong:?}");
    }
    let missing = errors(&json!([sample("missing_required.json")]));
    for pointer in ["/0/data", "/0/data/OpportunityLineItems/records/0"] {
        assert!(missing.iter().any(|found| found == pointer), "{pointer} in {missing:?}");
    }
    assert!(!errors(&json!("text")).is_empty());
}

#[test]
fn closed_won_translates_the_sample_to_the_cent() {
    let built = closed_won();
    let event = sample("closed_won.json");
    let definition = &built.definition;
    let fill = |template: &stepwell_expr::Template, input: &Value| {
        template.render(&mut |e, _| e.evaluate(&Arc::new(input.clone()), &[])).unwrap_or_else(|e| panic!("{e}"))
    };
    let mapped = |name: &str, record: &Value| {
        let TaskKind::Function { body, .. } = &definition.task(definition.by_reference[&named(definition, name)]).kind
        else {
            panic!("{name} calls no function")
        };
        let body = definition.task(*body);
        let TaskKind::Set(template) = &body.kind else { panic!("a mapping sets") };
        let set = fill(template, &json!({ "record": record }));
        body.output.r#as.as_ref().map_or(set.clone(), |template| fill(template, &set))
    };
    let opportunity = fill(definition.input.from.as_ref().expect("from"), &json!([event]));
    assert_eq!(fill(definition.metadata.key.as_ref().expect("key"), &opportunity), json!("006Ws00000Hd9XqIAJ"));
    let order = mapped("translateOrder", &opportunity);
    let customer = mapped("translateCustomer", &opportunity["Account"]);
    let lines = &order["item"]["items"];
    assert_eq!(lines[0]["item"], json!({"externalId": "ITEM-CM-200"}));
    assert_eq!(lines[0]["amount"].to_string(), "21088.86");
    assert_eq!(lines[0]["rate"].to_string(), "1757.41");
    assert_eq!(lines[1]["amount"].to_string(), "3600.0");
    assert_eq!(customer["companyName"], json!("Brückner & Söhne Fördertechnik GmbH"));
}

#[test]
fn closed_won_is_a_saga_with_its_pivot_at_the_order() {
    let built = closed_won();
    let definition = &built.definition;
    let task = |name: &str| definition.task(definition.by_reference[&named(definition, name)]);
    assert!(definition.is_saga());
    assert_eq!(definition.metadata.on_fault, OnFault::Compensate);
    assert!(task("createOrder").metadata.pivot);
    let undo = format!("{}/metadata/compensate", named(definition, "createCustomer"));
    assert_eq!(task("createCustomer").metadata.compensate, Some(Compensate::Task(definition.by_reference[&undo])));
    let wanted: Vec<(&str, &str)> = definition.triggers[0]
        .with
        .iter()
        .map(|(name, wanted)| match wanted {
            Wanted::Text(text) => (name.as_str(), text.as_str()),
            other => panic!("{other:?} is no exact text"),
        })
        .collect();
    assert_eq!(wanted, [("source", "salesforce"), ("type", "opportunity.closed_won")]);
    let used: Vec<&str> = built.functions.by_name.keys().map(String::as_str).collect();
    assert!(used.contains(&"netsuite.inactivateCustomer") && used.contains(&"salesforce.updateRecord"), "{used:?}");
}

#[test]
fn closed_won_never_needs_the_evaluator_child() {
    let definition = closed_won().definition;
    let mut texts = Vec::new();
    let mut look = |template: &stepwell_expr::Template| {
        let _ = template.render(&mut |e, _| {
            texts.push((e.text().to_owned(), e.class()));
            Ok::<Value, ()>(Value::Null)
        });
    };
    for task in &definition.tasks {
        task.input.from.iter().chain(&task.output.r#as).chain(&task.export.r#as).for_each(&mut look);
        match &task.kind {
            TaskKind::Set(template) | TaskKind::Function { arguments: template, .. } => look(template),
            TaskKind::Call(call) => {
                call.function.iter().map(|f| &f.arguments).for_each(&mut look);
                call.function.iter().filter_map(|f| f.output.r#as.as_ref()).for_each(&mut look);
                if let Protocol::Http(http) = &call.protocol {
                    http.body.iter().for_each(&mut look);
                }
            }
            _ => {}
        }
    }
    assert!(texts.len() > 20, "{texts:?}");
    for (text, class) in texts {
        assert_eq!(class, stepwell_expr::Class::Bounded, "{text}");
    }
}
