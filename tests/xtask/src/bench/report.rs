//! The table on the screen and the table in BENCHMARKS.md.

use std::fmt::Write as _;

use crate::quantity::Quantity;

/// One line: what was done, the raw primitive, what we build on it.
#[derive(Clone, Debug)]
pub struct Row {
    what: String,
    raw: Option<Quantity>,
    ours: Option<Quantity>,
}

impl Row {
    /// A row with both sides.
    pub fn new(what: impl Into<String>, raw: Quantity, ours: Quantity) -> Self {
        Self { what: what.into(), raw: Some(raw), ours: Some(ours) }
    }

    /// The primitive alone: the limit that others are judged by.
    pub fn raw(what: impl Into<String>, raw: Quantity) -> Self {
        Self { what: what.into(), raw: Some(raw), ours: None }
    }

    /// What we do where no primitive does the same.
    pub fn ours(what: impl Into<String>, ours: Quantity) -> Self {
        Self { what: what.into(), raw: None, ours: Some(ours) }
    }

    fn cells(&self) -> [String; 4] {
        let show = |side: Option<Quantity>| side.map_or_else(|| "—".to_owned(), |side| side.to_string());
        let ratio = self.raw.zip(self.ours).and_then(|(raw, ours)| ours.ratio_to(raw));
        let ratio = ratio.map_or_else(
            || "—".to_owned(),
            |ratio| {
                let digits = if ratio < 0.1 { 4 } else { 2 };
                format!("{ratio:.digits$}")
            },
        );
        [self.what.clone(), show(self.raw), show(self.ours), ratio]
    }
}

const HEADINGS: [&str; 4] = ["what", "raw primitive", "ours", "ratio"];

/// Rows in groups, and the machine they were measured on.
#[derive(Debug)]
pub struct Report {
    machine: String,
    groups: Vec<(String, Vec<Row>)>,
}

impl Report {
    /// An empty report about a machine.
    pub fn new(machine: String) -> Self {
        Self { machine, groups: Vec::new() }
    }

    /// Rows that follow belong to this group.
    pub fn begin_group(&mut self, name: &str) {
        self.groups.push((name.to_owned(), Vec::new()));
    }

    /// Adds a row to the group begun last.
    pub fn add(&mut self, row: Row) {
        if self.groups.is_empty() {
            self.begin_group("Measured");
        }
        if let Some((_, rows)) = self.groups.last_mut() {
            rows.push(row);
        }
    }

    /// The table for a terminal.
    pub fn text(&self) -> String {
        let widths = self.widths();
        let mut text = format!("{}\n", self.machine);
        for (name, rows) in &self.groups {
            let _ = write!(text, "\n{name}\n");
            for cells in std::iter::once(HEADINGS.map(str::to_owned)).chain(rows.iter().map(Row::cells)) {
                let [what, numbers @ ..] = &cells;
                let _ = write!(text, "  {what:<width$}", width = widths[0]);
                for (cell, width) in numbers.iter().zip(&widths[1..]) {
                    let _ = write!(text, "  {cell:>width$}");
                }
                text.push('\n');
            }
        }
        text
    }

    /// The file BENCHMARKS.md.
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Benchmarks\n\nWritten by `cargo xtask bench`: every number of one run, on one machine. \
             A ratio of 1.00 is as good as the raw primitive, 0.50 half as good.\n\n",
        );
        let _ = writeln!(text, "Machine: {}.", self.machine);
        for (name, rows) in &self.groups {
            let _ =
                write!(text, "\n## {name}\n\n| {} |\n| --- | ---: | ---: | ---: |\n", HEADINGS.join(" | "));
            for row in rows {
                let _ = writeln!(text, "| {} |", row.cells().join(" | "));
            }
        }
        text
    }

    fn widths(&self) -> [usize; 4] {
        let mut widths = HEADINGS.map(|heading| heading.chars().count());
        for row in self.groups.iter().flat_map(|(_, rows)| rows) {
            for (width, cell) in widths.iter_mut().zip(row.cells()) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Row};
    use crate::quantity::Quantity;

    fn sample() -> Report {
        let mut report = Report::new("a machine".to_owned());
        report.begin_group("Signatures");
        report.add(Row::new("issue", Quantity::PerSecond(50_000.0), Quantity::PerSecond(30_000.0)));
        report.add(Row::raw("sign", Quantity::PerSecond(50_000.0)));
        report
    }

    #[test]
    fn the_markdown_table_holds_both_sides_and_the_ratio() {
        let markdown = sample().markdown();
        assert!(markdown.contains("| issue | 50,000/s | 30,000/s | 0.60 |\n"), "{markdown}");
        assert!(markdown.contains("| sign | 50,000/s | — | — |\n"), "{markdown}");
    }

    #[test]
    fn the_columns_of_the_text_table_line_up() {
        let text = sample().text();
        let ends: Vec<usize> =
            text.lines().filter(|line| line.starts_with("  ")).map(|line| line.chars().count()).collect();
        assert_eq!(ends.len(), 3);
        assert!(ends.iter().all(|end| *end == ends[0]), "{text}");
    }
}
