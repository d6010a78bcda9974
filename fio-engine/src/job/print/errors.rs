//! Errors after which a job goes on.

use super::Printer;
use crate::job::spec::errors::ErrorOptions;

impl Printer {
    pub(super) fn errors(&mut self, errors: &ErrorOptions) {
        self.number("continue_on_error", errors.continue_on.name(), "none");
        let ignored = &errors.ignored;
        let lists = [&ignored.read, &ignored.write, &ignored.verify].map(|list| {
            let numbers: Vec<String> = list.iter().map(i32::to_string).collect();
            numbers.join(":")
        });
        self.number("ignore_error", lists.join(","), ",,".to_owned());
        self.boolean("error_dump", errors.dump, false);
        self.boolean("block_error_percentiles", errors.by_block, false);
    }
}
