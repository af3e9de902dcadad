//! Migrations are embedded in the program, so a new one must trigger a rebuild.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
