//! Builds the command line of a container engine. Checks what the definition supplies and fixes everything else.
//!
//! A container gets no capabilities, no further privileges, no network unless the operator names one, and bounded
//! memory, CPUs and processes. Its file system is read-only except for `/tmp`. Only containers with names made here are
//! removed.

use super::{NODE_VARIABLES, ProcessSettings};
use crate::connect::problem::Problem;
use crate::dsl::{Pull, container_name_flaw, image_flaw, variable_flaw};
use crate::machine::{CallRequest, ProcessRequest};

/// Prefix of all our container names.
const NAME_PREFIX: &str = "stepwell-";

/// Arguments that run the container, and those that remove one left by an earlier attempt.
pub(super) struct CommandLine {
    pub(super) run: Vec<String>,
    pub(super) remove: Vec<String>,
}

pub(super) fn command_line(
    settings: &ProcessSettings,
    request: &CallRequest,
    process: &ProcessRequest,
    node_variables: &[(String, String)],
) -> Result<CommandLine, Box<Problem>> {
    check(settings, process)?;
    // The same for all attempts of a step, so that a leftover container is found; and unique to the step.
    let name = format!(
        "{NAME_PREFIX}{}-{}",
        request.idempotency_key.replace('/', "-"),
        process.name.as_deref().unwrap_or("task")
    );
    let pull = match process.pull {
        Pull::IfNotPresent => "missing",
        Pull::Always => "always",
        Pull::Never => "never",
    };
    let memory = settings.memory_bytes;
    let mut run: Vec<String> = ["run", "--rm", "--interactive"].map(str::to_owned).into();
    for (option, value) in [
        ("name", name.clone()),
        ("pull", pull.to_owned()),
        ("cap-drop", "ALL".to_owned()),
        ("security-opt", "no-new-privileges".to_owned()),
        ("network", settings.container_network.clone()),
        ("pids-limit", settings.container_pids.to_string()),
        ("cpus", settings.container_cpus.to_string()),
        ("memory", memory.to_string()),
        // Equal to the memory limit, so no swap on top of it.
        ("memory-swap", memory.to_string()),
        ("tmpfs", format!("/tmp:rw,nosuid,nodev,size={memory}")),
        ("stop-timeout", "1".to_owned()),
    ] {
        run.push(format!("--{option}={value}"));
    }
    run.push("--read-only".to_owned());
    for (variable, value) in node_variables.iter().chain(&process.environment) {
        run.push(format!("--env={variable}={value}"));
    }
    let image = process.code.clone();
    match &process.command {
        None => run.extend(["--".to_owned(), image]),
        // As with `run: shell`: the arguments are `$1` and so on.
        Some(command) => {
            run.extend(["--entrypoint=sh".to_owned(), "--".to_owned(), image]);
            run.extend(["-c", "--", command, "sh"].map(str::to_owned));
        }
    }
    Ok(CommandLine { run, remove: ["rm", "--force", "--", &name].map(str::to_owned).into() })
}

/// Checks the request again: names may be computed, and an earlier version may have recorded it.
fn check(settings: &ProcessSettings, process: &ProcessRequest) -> Result<(), Box<Problem>> {
    let refused = |what: String| Err(Problem::validation("Container refused", what));
    let image = process.code.as_str();
    if let Some(flaw) = image_flaw(image) {
        return refused(format!("{image:?} is not the name of an image: {flaw}"));
    }
    if !settings.allows_image(image) {
        let allowed = settings.container_images.join(", ");
        let detail =
            format!("the operator does not allow the image {image}; processes.container_images has: {allowed}");
        return Err(Problem::configuration("Image not allowed", detail));
    }
    if let Some((name, flaw)) = process.name.as_deref().and_then(|name| Some((name, container_name_flaw(name)?))) {
        return refused(format!("{name:?} is not the name of a container: {flaw}"));
    }
    if let Some((name, flaw)) = process.environment.iter().find_map(|(name, _)| Some((name, variable_flaw(name)?))) {
        return refused(format!("{name:?} is not the name of an environment variable: {flaw}"));
    }
    match process.environment.iter().find(|(name, _)| NODE_VARIABLES.contains(&name.as_str())) {
        Some((name, _)) => refused(format!("the variable {name} is set by the node")),
        None => Ok(()),
    }
}

impl ProcessSettings {
    /// Whether the operator allows an image; an empty list allows any. `prefix*` matches every image that starts with
    /// the prefix.
    fn allows_image(&self, image: &str) -> bool {
        self.container_images.is_empty()
            || self.container_images.iter().any(|allowed| match allowed.strip_suffix('*') {
                Some(prefix) => image.starts_with(prefix),
                None => image == allowed,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::{ProcessKind, ProcessReturn};

    fn lines(settings: &ProcessSettings, change: impl FnOnce(&mut ProcessRequest)) -> Result<CommandLine, String> {
        let mut process = ProcessRequest {
            kind: ProcessKind::Container,
            code: "alpine:3".to_owned(),
            command: None,
            name: None,
            pull: Pull::default(),
            arguments: Vec::new(),
            environment: Vec::new(),
            stdin: None,
            returns: ProcessReturn::default(),
            passes: None,
        };
        change(&mut process);
        let request = CallRequest { idempotency_key: "key".to_owned(), ..CallRequest::default() };
        let node_variables = [("TRACEPARENT".to_owned(), "t".to_owned())];
        command_line(settings, &request, &process, &node_variables).map_err(|problem| problem.to_string())
    }

    #[test]
    fn nothing_that_a_definition_says_becomes_an_option_of_the_engine() {
        let settings = ProcessSettings::default();
        for image in ["--privileged", "-v/:/host", "", "a b", "alpine:3\n", "//x", "a;b", "$(id)", "alpine\0"] {
            let refused = lines(&settings, |process| image.clone_into(&mut process.code));
            assert!(refused.is_err_and(|why| why.contains("not the name of an image")), "{image:?}");
        }
        for name in ["--privileged", "a b", "a/b", "..", &"x".repeat(129)] {
            let refused = lines(&settings, |process| process.name = Some(name.to_owned()));
            assert!(refused.is_err_and(|why| why.contains("not the name of a container")), "{name:?}");
        }
        for variable in ["", "A=B", "A B", "-e", "1A", "STEPWELL_IDEMPOTENCY_KEY", "TRACEPARENT", "A\0"] {
            let refused = lines(&settings, |process| process.environment = vec![(variable.to_owned(), String::new())]);
            assert!(refused.is_err(), "{variable:?}");
        }
        let line = lines(&settings, |process| {
            process.command = Some("-e".to_owned());
            process.arguments = vec!["--privileged".to_owned()];
        });
        let run = line.expect("it may run").run;
        let image = run.iter().position(|argument| argument == "alpine:3").expect("the image");
        assert_eq!(run[image - 1], "--", "{run:?}");
        assert_eq!(run[image + 1..], ["-c", "--", "-e", "sh"]);
    }

    #[test]
    fn an_operator_may_name_the_images_that_definitions_run() {
        let images = vec!["registry.example.com/*".to_owned(), "alpine:3".to_owned()];
        let settings = ProcessSettings { container_images: images, ..ProcessSettings::default() };
        for (image, allowed) in [
            ("alpine:3", true),
            ("alpine:31", false),
            ("registry.example.com/a/b:1", true),
            ("registry.example.com.evil/a", false),
        ] {
            assert_eq!(lines(&settings, |process| image.clone_into(&mut process.code)).is_ok(), allowed, "{image}");
        }
    }

    #[test]
    fn only_a_container_of_our_own_naming_is_removed() {
        let line = lines(&ProcessSettings::default(), |process| process.name = Some("postgres".to_owned()))
            .expect("it may run");
        assert_eq!(line.remove, ["rm", "--force", "--", "stepwell-key-postgres"]);
        assert!(line.run.contains(&"--name=stepwell-key-postgres".to_owned()));
    }
}
