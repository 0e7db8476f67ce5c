//! Builds again when the console was built again; it never builds the console itself.

fn main() {
    println!("cargo::rerun-if-changed=console/dist");
}
