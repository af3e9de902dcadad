//! `stepwell init`: creates a small project that runs and passes its tests, as a starting point.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::dsl::editor::Editor;

/// Arguments of `stepwell init`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder, created if it does not exist. Existing files are never overwritten.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// The kind of project to create.
    #[arg(long, value_enum, default_value_t = Template::Empty)]
    from: Template,
}

/// Kinds of projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// One workflow that calls no system.
    Empty,
    /// A won deal becomes a sales order, against the sandbox CRM and ERP.
    CrmErp,
    /// A saga of two calls to an HTTP API.
    Http,
}

/// A file of a project: its path and text.
type File = (&'static str, &'static str);

const COMMON: [File; 3] = [
    (".gitignore", include_str!("common/gitignore")),
    (".github/workflows/stepwell.yml", include_str!("common/ci.yml")),
    (".vscode/settings.json", include_str!("common/settings.json")),
];

impl Template {
    fn files(self) -> &'static [File] {
        match self {
            Self::Empty => &[
                ("README.md", include_str!("empty/README.md")),
                ("greeting.json", include_str!("empty/greeting.json")),
                ("workflows/hub.yaml", include_str!("empty/hub.yaml")),
                ("workflows/hello.yaml", include_str!("empty/hello.yaml")),
                ("workflows/hello.scenarios.yaml", include_str!("empty/hello.scenarios.yaml")),
            ],
            Self::CrmErp => &[
                ("README.md", include_str!("crm-erp/README.md")),
                ("deal.json", include_str!("crm-erp/deal.json")),
                ("workflows/hub.yaml", include_str!("crm-erp/hub.yaml")),
                ("workflows/deal-to-order.yaml", include_str!("crm-erp/deal-to-order.yaml")),
                ("workflows/deal-to-order.scenarios.yaml", include_str!("crm-erp/deal-to-order.scenarios.yaml")),
            ],
            Self::Http => &[
                ("README.md", include_str!("http/README.md")),
                ("order.json", include_str!("http/order.json")),
                ("stepwell.toml", include_str!("http/stepwell.toml")),
                ("workflows/hub.yaml", include_str!("http/hub.yaml")),
                ("workflows/register.yaml", include_str!("http/register.yaml")),
                ("workflows/register.scenarios.yaml", include_str!("http/register.scenarios.yaml")),
            ],
        }
    }
}

pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for (path, text) in COMMON.iter().chain(args.from.files()) {
        files.push((args.folder.join(path), (*text).to_owned()));
    }
    for editor in Editor::ALL {
        let path = args.folder.join(format!("schema/{}", editor.file()));
        files.push((path, format!("{}\n", serde_json::to_string_pretty(&editor.schema())?)));
    }
    let taken: Vec<String> =
        files.iter().filter(|(path, _)| path.exists()).map(|(path, _)| path.display().to_string()).collect();
    if !taken.is_empty() {
        bail!("nothing was written because these files exist: {}. Choose another folder", taken.join(", "));
    }
    for (path, text) in &files {
        write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    println!("wrote {} files to {}. Next:", files.len(), args.folder.display());
    if args.folder != Path::new(".") {
        println!("  cd {}", args.folder.display());
    }
    println!("  stepwell test workflows --faults");
    println!("  stepwell dev");
    Ok(ExitCode::SUCCESS)
}

/// Writes a new file; one created in the meantime is kept.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create_new(path)?.write_all(text.as_bytes())
}
