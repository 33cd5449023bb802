//! A large mixed system, made of many cells of ten components each that only their users share.

const CELL: &str = include_str!("fixtures/cell.yaml");

/// A spec of `count` components beside the users, rounded down to whole cells.
pub fn cells(count: usize) -> String {
    let (before, cell) = CELL.split_once("  lb_0:").expect("the fixture has a balancer");
    let (components, rest) = cell.split_once("flows:\n").expect("the fixture has flows");
    let (flows, data) = rest.split_once("data:\n").expect("the fixture has data");
    let repeated =
        |part: &str| -> String { (0..count / 10).map(|number| part.replace("_0", &format!("_{number}"))).collect() };
    let components = repeated(&format!("  lb_0:{components}"));
    format!("{before}{components}flows:\n{}data:\n{}", repeated(flows), repeated(data))
}
